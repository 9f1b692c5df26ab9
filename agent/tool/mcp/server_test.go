package mcp

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/seahorse-ml/seahorse/agent/tool"
)

// newServer returns a server with a tool that is right and some that aren't.
func newServer() *sdk.Server {
	s := sdk.NewServer(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	type in struct {
		X int `json:"x"`
	}
	add := func(name string, do func(ctx context.Context, x int) (string, error)) {
		sdk.AddTool(s, &sdk.Tool{Name: name, Description: "It " + name + "s."}, func(ctx context.Context, _ *sdk.CallToolRequest, a in) (*sdk.CallToolResult, any, error) {
			text, err := do(ctx, a.X)
			if err != nil {
				return nil, nil, err
			}
			return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: text}}}, nil, nil
		})
	}
	add("double", func(_ context.Context, x int) (string, error) { return fmt.Sprint(2 * x), nil })
	add("fail", func(context.Context, int) (string, error) { return "", fmt.Errorf("out of order") })
	add("wait", func(ctx context.Context, _ int) (string, error) { time.Sleep(time.Minute); return "", ctx.Err() })
	add("flood", func(_ context.Context, x int) (string, error) { return strings.Repeat("x", x), nil })
	add("exit", func(context.Context, int) (string, error) { os.Exit(7); return "", nil })
	return s
}

const serving = "SEAHORSE_TEST_SERVER"

func TestMain(m *testing.M) {
	switch os.Getenv(serving) {
	case "":
		os.Exit(m.Run())
	case "garbage":
		fmt.Println("hello, I am no server")
	case "silent":
		time.Sleep(time.Minute)
	case "endless":
		for {
			fmt.Print("{\"a\": \"", strings.Repeat("x", 1<<16))
		}
	case "broken":
		fmt.Fprintln(os.Stderr, "no licence")
		os.Exit(1)
	default:
		newServer().Run(context.Background(), &sdk.StdioTransport{})
	}
}

// command starts this test as a server.
func command(kind string) string { return serving + "=" + kind + " exec " + os.Args[0] }

// TestServers asks the same of a server over its input and output and over HTTP.
func TestServers(t *testing.T) {
	handler := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return newServer() }, nil)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer key" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	defer web.CloseClientConnections()
	for name, address := range map[string]string{"stdio": command("right"), "http": web.URL} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			s, err := Connect(t.Context(), address, Config{Bytes: 1 << 20, Header: http.Header{"Authorization": {"Bearer key"}}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			set, err := tool.NewSet(tool.Limits{Time: 500 * time.Millisecond, Bytes: 100}, s.Tools()...)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(set.Names(), " "); got != "double exit fail flood wait" {
				t.Errorf("the tools are %s", got)
			}
			calls := [][3]string{
				{"double", `{"x": 21}`, "42"}, {"fail", `{"x": 1}`, "error: out of order"}, {"wait", `{"x": 1}`, "error: wait isn't done after 500ms"}, {"double", `{"x": 4}`, "8"},
				{"double", `{"y": 4}`, "error: the arguments of double"}, {"flood", `{"x": 1000}`, strings.Repeat("x", 100) + "… (cut: 1000 bytes in all)"}, {"flood", `{"x": 5000000}`, "error: "},
			}
			if name == "stdio" {
				calls = append(calls, [3]string{"double", `{"x": 1}`, "error: "}, [3]string{"exit", `{"x": 1}`, "error: "})
			}
			for _, c := range calls {
				r, err := set.Call(t.Context(), c[0], c[1])
				if err != nil || r.Text != c[2] && !(strings.HasPrefix(c[2], "error: ") && strings.HasPrefix(r.Text, c[2])) {
					t.Errorf("%s(%s): %.200q, %v, expected %q", c[0], c[1], r.Text, err, c[2])
				}
			}
			s.Close()
			if d := time.Since(begin); d > 20*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

// TestNoServers connects to what isn't a server.
func TestNoServers(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for range 1000 {
			fmt.Fprint(w, strings.Repeat("[", 10_000))
		}
	}))
	defer web.Close()
	for address, want := range map[string]string{
		command("garbage"): "", command("silent"): "hasn't told its tools after 1s", command("endless"): "", command("broken"): "no licence", web.URL: "", "http://127.0.0.1:1/none": "",
		"no-such-program-here": "not found",
	} {
		begin := time.Now()
		s, err := Connect(t.Context(), address, Config{Time: time.Second, Bytes: 1 << 20})
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || time.Since(begin) > 10*time.Second {
			t.Errorf("%s: %v after %v, expected %s", address, err, time.Since(begin), want)
		}
	}
}
