package redact

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"unicode"
	"unicode/utf8"
)

const (
	// shortest is the length of a text that may be base64 of a secret.
	shortest = 32
	// shortestPair is that of base64 of a user and a password.
	shortestPair = 12
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

// encoded takes out each text in base64 or hexadecimal that holds a secret.
func (r *Redactor) encoded(line []byte) []byte {
	var out []byte
	last := 0
	drop := func(from, to int) {
		out = append(append(out, line[last:from]...), Gone...)
		last = to
	}
	least := shortest
	if r.message {
		least = shortestPair
	}
	eachWord(line, least, func(from, to int) {
		if r.hides(depth, line[from:to]) {
			drop(from, to)
			return
		}
		// a plus sign may stand for a space, so the pieces between them are words as well
		for start := from; start < to; {
			end := start
			for end < to && line[end] != '+' {
				end++
			}
			if end-start >= least && end-start < to-from && r.hides(depth, line[start:end]) {
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

// eachWord calls f with each text that may be base64, or hexadecimal, and has the least
// length. An escape, such as \n or %0A, ends a word and is no part of the next.
func eachWord(line []byte, least int, f func(from, to int)) {
	for i := 0; i < len(line); {
		from := i
		for i < len(line) {
			n := wordByte(line[i:])
			if n == 0 {
				break
			}
			i += n
		}
		if i-from >= least {
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
	case c == '%':
		if n := percent(text); n > 0 && text[n-2] == '2' && bytes.IndexByte([]byte("BbFf"), text[n-1]) >= 0 {
			return n
		}
	}
	return 0
}

// percent returns the length of the character that is URL-encoded, once or several times,
// at the beginning of text, or 0: %2B, %252B.
func percent(text []byte) int {
	i := 1
	for bytes.HasPrefix(text[i:], []byte("25")) && len(text) >= i+4 && isHex(text[i+2]) && isHex(text[i+3]) {
		i += 2
	}
	if len(text) < i+2 || !isHex(text[i]) || !isHex(text[i+1]) {
		return 0
	}
	return i + 2
}

// escape returns how long what is no part of a word is.
func escape(text []byte) int {
	switch {
	case text[0] == '%':
		return max(1, percent(text))
	case text[0] == '\\' && len(text) >= 2 && bytes.IndexByte([]byte(`nrt"`), text[1]) >= 0:
		return 2
	}
	return 1
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// hides reports whether a word is base64 or hexadecimal that holds a secret.
func (r *Redactor) hides(levels int, word []byte) bool {
	if plain, isHex := fromHex(word); isHex {
		return isText(plain) && r.secret(levels, plain) // and no digest
	}
	plain := decode(word)
	if len(plain) > 2 && plain[0] == 0x1f && plain[1] == 0x8b {
		plain = expand(plain)
	}
	return len(plain) > 0 && (len(word) >= shortest && r.secret(levels, plain) || r.message && isPair(word, plain))
}

func (r *Redactor) secret(levels int, plain []byte) bool {
	if patterns().signs.Match(plain) || isKey(plain) || r.message && isText(plain) && message(string(plain), depth) != string(plain) {
		return true
	}
	found := false
	if levels > 1 {
		eachWord(plain, shortest, func(from, to int) { found = found || r.hides(levels-1, plain[from:to]) })
	}
	return found
}

// fromHex decodes a word that is hexadecimal from end to end.
func fromHex(word []byte) (plain []byte, ok bool) {
	if len(word) < shortest || len(word)%2 != 0 || !isHex(word[0]) || !isHex(word[len(word)-1]) {
		return nil, false
	}
	plain = make([]byte, len(word)/2)
	_, err := hex.Decode(plain, word)
	return plain, err == nil
}

// isText reports whether bytes can be read by people.
func isText(plain []byte) bool {
	return utf8.Valid(plain) && !bytes.ContainsFunc(plain, func(r rune) bool { return !unicode.IsPrint(r) && !unicode.IsSpace(r) })
}

// isPair reports whether a word is what registries want: user:password in base64. No
// word of a sentence is that by chance.
func isPair(word, plain []byte) bool {
	plain = bytes.TrimRight(plain, "\r\n")
	colon := bytes.IndexByte(plain, ':')
	return string(plain) != "id:pass" && colon > 0 && colon < len(plain)-1 && !bytes.HasPrefix(plain[colon:], []byte("://")) &&
		!bytes.ContainsAny(plain[:colon], `{}[]()<>"'`) && len(word)%4 != 1 && len(plain) >= base64.RawStdEncoding.DecodedLen(len(word))-2 &&
		!bytes.ContainsFunc(plain, func(r rune) bool { return r <= ' ' || r > '~' })
}

// isKey reports whether bytes begin as a private key does: in DER (PKCS #1, PKCS #8 and
// SEC 1 are a sequence whose first part is the version, 0 or 1), or in OpenSSH's form.
func isKey(plain []byte) bool {
	if bytes.HasPrefix(plain, []byte("openssh-key-v1\x00")) {
		return true
	}
	if len(plain) < 16 || plain[0] != 0x30 {
		return false
	}
	head := 2
	if plain[1] > 0x80 {
		head += int(plain[1] & 0x7f)
	}
	return head <= 4 && len(plain) > head+3 && bytes.Equal(plain[head:head+2], []byte{2, 1}) &&
		plain[head+2] <= 1 && (plain[head+3] == 4 || plain[head+3] == 2 || plain[head+3] == 0x30)
}

func decode(word []byte) []byte {
	if bytes.IndexByte(word, '%') >= 0 {
		plain := make([]byte, 0, len(word))
		for len(word) > 0 {
			n, c := 1, word[0]
			if c == '%' && percent(word) > 0 {
				n, c = percent(word), '/' // no other escape is a part of a word
				if word[n-1]|0x20 == 'b' {
					c = '+'
				}
			}
			plain, word = append(plain, c), word[n:]
		}
		word = plain
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
