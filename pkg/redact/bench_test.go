package redact

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// BenchmarkCopy is how fast a journal and a binary file are searched.
func BenchmarkCopy(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	var journal strings.Builder
	for journal.Len() < 4<<20 {
		fmt.Fprintf(&journal, "Mar 02 08:%02d:%02d bootstrap kubelet[1234]: I0302 reconciler.go:%d] volume %x of pod with token and auth\n", random.IntN(60), random.IntN(60), random.IntN(999), random.Uint64())
	}
	noise := make([]byte, 4<<20)
	for i := range noise {
		noise[i] = byte(random.IntN(256))
	}
	for name, data := range map[string][]byte{"journal": []byte(journal.String()), "noise": noise} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := New().Copy(io.Discard, bytes.NewReader(data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
