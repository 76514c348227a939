package manifests

import "testing"

// BenchmarkFiles makes the files of a cluster that asks for nearly everything: the
// first time in a process, when each file of data/manifests is parsed, and again.
func BenchmarkFiles(b *testing.B) {
	for _, name := range []string{"first", "again"} {
		b.Run(name, func(b *testing.B) {
			in := inputs(b, full())
			b.ReportAllocs()
			for b.Loop() {
				if name == "first" {
					frames.Clear()
				}
				if _, err := Files(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
