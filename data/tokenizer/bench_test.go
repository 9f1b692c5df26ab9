package tokenizer

import (
	"bytes"
	"context"
	"os"
	"testing"
)

func BenchmarkAppendIDs(b *testing.B) {
	text, err := os.ReadFile(opticks(b))
	if err != nil {
		b.Fatal(err)
	}
	for name, tok := range families(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			var ids []int32
			for b.Loop() {
				ids = tok.AppendIDs(ids[:0], text, false)
			}
			b.ReportMetric(float64(len(ids))*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

func BenchmarkTrain(b *testing.B) {
	text, err := os.ReadFile(opticks(b))
	if err != nil {
		b.Fatal(err)
	}
	corpus := Texts(string(bytes.Repeat(text, 4)))
	for _, kind := range []string{"bpe", "wordpiece", "unigram"} {
		b.Run(kind, func(b *testing.B) {
			b.SetBytes(int64(4 * len(text)))
			for b.Loop() {
				if _, err := Train(context.Background(), NewTrainConfig(kind), corpus); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
