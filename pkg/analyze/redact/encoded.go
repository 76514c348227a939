package redact

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
)

const (
	// shortest is the length of a text that may be base64 of a secret.
	shortest = 32
	// depth is how many encodings are undone.
	depth = 3
	// longestLine is how much of one line is looked at; a longer one is left out.
	longestLine = 16 << 20
	// mostPlain bounds what one compressed text is expanded to.
	mostPlain = 8 << 20
)

// Copy copies lines from src to dst without their secrets. Lines of more than 16 MiB,
// which no log has, are replaced by a remark.
func (r *Redactor) Copy(dst io.Writer, src io.Reader) error {
	in, out := bufio.NewReaderSize(src, 64<<10), bufio.NewWriterSize(dst, 64<<10)
	var s stream
	for {
		line, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return errors.Join(err, out.Flush())
		}
		text, end := bytes.CutSuffix(line, []byte("\n"))
		if clean := s.line(r, text); clean != nil && len(line) > 0 {
			if end {
				clean = append(clean, '\n')
			}
			if _, err := out.Write(clean); err != nil {
				return err
			}
		}
		if err != nil {
			return out.Flush()
		}
	}
}

// readLine reads a line with its end.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(line)+len(part) > longestLine; long {
			line = []byte("[a line of more than 16 MiB is left out]\n")
		} else {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// encoded takes out each text in base64 that holds a secret.
func encoded(line []byte) []byte {
	var out []byte
	last := 0
	drop := func(from, to int) {
		out = append(append(out, line[last:from]...), Gone...)
		last = to
	}
	eachWord(line, func(from, to int) {
		if secret(depth, line[from:to]) {
			drop(from, to)
			return
		}
		// a plus sign may stand for a space, so the pieces between them are words as well
		for start := from; start < to; {
			end := start
			for end < to && line[end] != '+' {
				end++
			}
			if end-start >= shortest && end-start < to-from && secret(depth, line[start:end]) {
				drop(start, end)
			}
			start = end + 1
		}
	})
	if last == 0 {
		return line
	}
	return append(out, line[last:]...)
}

// eachWord calls f with each text that may be base64. A digest in hexadecimal is none;
// an escape, such as \n or %0A, ends a word and is no part of the next.
func eachWord(line []byte, f func(from, to int)) {
	for i := 0; i < len(line); {
		from, hex := i, true
		for i < len(line) {
			n := wordByte(line[i:])
			if n == 0 {
				break
			}
			hex = hex && n == 1 && (line[i] >= '0' && line[i] <= '9' || line[i] >= 'a' && line[i] <= 'f')
			i += n
		}
		if i-from >= shortest && !hex {
			f(from, i)
		}
		if i < len(line) {
			i += escape(line[i:])
		}
	}
}

// wordByte returns the length of the character of base64 that text begins with, or 0.
func wordByte(text []byte) int {
	switch c := text[0]; {
	case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
		return 1
	case c == '%' && len(text) >= 3 && text[1] == '2' && bytes.IndexByte([]byte("BbFf"), text[2]) >= 0:
		return 3
	}
	return 0
}

// escape returns how long what is no part of a word is.
func escape(text []byte) int {
	switch {
	case text[0] == '%' && len(text) >= 3 && isHex(text[1]) && isHex(text[2]):
		return 3
	case text[0] == '\\' && len(text) >= 2 && bytes.IndexByte([]byte(`nrt"`), text[1]) >= 0:
		return 2
	}
	return 1
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// secret tells whether a word is base64 that holds a secret.
func secret(levels int, word []byte) bool {
	plain := decode(word)
	if len(plain) > 2 && plain[0] == 0x1f && plain[1] == 0x8b {
		plain = expand(plain)
	}
	if len(plain) == 0 {
		return false
	}
	if patterns().signs.Match(plain) {
		return true
	}
	found := false
	if levels > 1 {
		eachWord(plain, func(from, to int) { found = found || secret(levels-1, plain[from:to]) })
	}
	return found
}

func decode(word []byte) []byte {
	if bytes.IndexByte(word, '%') >= 0 {
		for _, r := range [][2]string{{"%2B", "+"}, {"%2b", "+"}, {"%2F", "/"}, {"%2f", "/"}} {
			word = bytes.ReplaceAll(word, []byte(r[0]), []byte(r[1]))
		}
	}
	if len(word)%4 == 1 {
		word = word[:len(word)-1]
	}
	plain := make([]byte, base64.RawStdEncoding.DecodedLen(len(word)))
	n, _ := base64.RawStdEncoding.Decode(plain, word) // what was decoded before an error counts
	return plain[:n]
}

func expand(packed []byte) []byte {
	zipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	plain, _ := io.ReadAll(io.LimitReader(zipped, mostPlain)) // what was expanded before an error counts
	return plain
}
