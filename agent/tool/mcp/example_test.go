package mcp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/seahorse-ml/seahorse/agent/tool"
	"github.com/seahorse-ml/seahorse/agent/tool/mcp"
)

// doubler is a server of another program, which lies within this one here.
func doubler(*http.Request) *sdk.Server {
	s := sdk.NewServer(&sdk.Implementation{Name: "doubler", Version: "1"}, nil)
	type in struct {
		X int `json:"x"`
	}
	sdk.AddTool(s, &sdk.Tool{Name: "double", Description: "Doubles a number."}, func(_ context.Context, _ *sdk.CallToolRequest, a in) (*sdk.CallToolResult, any, error) {
		return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: fmt.Sprint(2 * a.X)}}}, nil, nil
	})
	return s
}

func ExampleConnect() {
	web := httptest.NewServer(sdk.NewStreamableHTTPHandler(doubler, nil))
	defer web.CloseClientConnections()

	ctx := context.Background()
	server, err := mcp.Connect(ctx, web.URL, mcp.Config{}) // or the command line of a program
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	tools, err := tool.NewSet(tool.Limits{}, server.Tools()...)
	if err != nil {
		log.Fatal(err)
	}
	result, err := tools.Call(ctx, "double", `{"x": 21}`)
	fmt.Println(tools.Names(), result.Text, err)
	// Output: [double] 42 <nil>
}
