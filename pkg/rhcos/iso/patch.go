package iso

import "io"

// Patched reads an image from its beginning with the patches in place; they are
// in the order of their offsets, as Patches returns them. It serves where the
// result is a stream.
func Patched(r io.Reader, patches []Patch) io.Reader {
	return &patched{r: r, patches: patches}
}

type patched struct {
	r       io.Reader
	patches []Patch
	pos     int64
}

func (p *patched) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	start, end := p.pos, p.pos+int64(n)
	p.pos = end
	for len(p.patches) > 0 && p.patches[0].Offset < end {
		first := p.patches[0]
		from, to := max(first.Offset, start), min(first.Offset+int64(len(first.Data)), end)
		copy(b[from-start:to-start], first.Data[from-first.Offset:])
		if to < first.Offset+int64(len(first.Data)) {
			break // goes on in the next read
		}
		p.patches = p.patches[1:]
	}
	return n, err
}
