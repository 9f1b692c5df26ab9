package chat_test

import (
	"fmt"
	"log"

	"github.com/seahorse-ml/seahorse/data/chat"
)

func ExampleTemplate() {
	source, err := chat.BuiltinTemplate("chatml")
	if err != nil {
		log.Fatal(err)
	}
	t, err := chat.NewTemplate(chat.TemplateConfig{Name: "chatml", Source: source})
	if err != nil {
		log.Fatal(err)
	}
	c := chat.Conversation{Messages: []chat.Message{chat.NewMessage("user", "What is 6*7?"), chat.NewMessage("assistant", "42.")}}
	r, err := t.RenderMasked(c)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(r.Text)
	for _, span := range r.Answers {
		fmt.Printf("The assistant wrote %q.\n", r.Text[span[0]:span[1]])
	}
	// Output:
	// <|im_start|>user
	// What is 6*7?<|im_end|>
	// <|im_start|>assistant
	// 42.<|im_end|>
	// The assistant wrote "42.<|im_end|>\n".
}
