package ignition

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// The most that Files returns: bytes of content in all, and files.
const (
	maxContent = 64 << 20
	maxFiles   = 20_000
)

// ErrTooLarge tells of more content than is read.
var ErrTooLarge = fmt.Errorf("its files hold more than %d MiB", maxContent>>20)

// Files returns the files of a config of any 3.x spec, in its order, with their
// content decoded: data URLs, base64, gzip. A file whose content stands
// elsewhere, behind another URL, is left out, since there is nothing to see; so
// is one that Ignition would only give another mode. A file with several
// appended parts is returned once per part.
//
// It reads what a stranger may have written: it never panics, and returns an
// error for a config of more than 64 MiB or whose files hold more than that.
func Files(raw []byte) ([]File, error) {
	if len(raw) > maxConfig {
		return nil, fmt.Errorf("is larger than %d MiB", maxConfig>>20)
	}
	r := fileReader{left: maxContent}
	dec := json.NewDecoder(bytes.NewReader(raw))
	err := eachMember(dec, func(key string) error {
		if key != "storage" {
			return skip(dec)
		}
		return eachMember(dec, func(key string) error {
			if key != "files" {
				return skip(dec)
			}
			return eachElement(dec, r.file)
		})
	})
	if err != nil {
		return nil, describe(raw, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more text after the end of the config")
	}
	return r.files, nil
}

type fileReader struct {
	files []File
	left  int
	index int
}

type resource struct {
	Source      *string `json:"source"`
	Compression string  `json:"compression"`
}

// file reads the next element of storage.files. Its parts come one after the
// other, so that a config of nothing but brackets costs no memory.
func (r *fileReader) file(dec *json.Decoder) error {
	var f struct {
		Path     string          `json:"path"`
		Mode     *int            `json:"mode"`
		Contents resource        `json:"contents"`
		Append   json.RawMessage `json:"append"`
	}
	if err := dec.Decode(&f); err != nil {
		return err
	}
	where := fmt.Sprintf("storage.files[%d]", r.index)
	r.index++
	file := File{Path: f.Path, Mode: 0o644} // Ignition's default
	if f.Mode != nil {
		file.Mode = *f.Mode
	}
	if err := r.add(where+".contents", file, f.Contents); err != nil {
		return err
	}
	if len(f.Append) == 0 {
		return nil
	}
	file.Append = true
	part := 0
	return eachElement(json.NewDecoder(bytes.NewReader(f.Append)), func(dec *json.Decoder) error {
		var c resource
		if err := dec.Decode(&c); err != nil {
			return err
		}
		part++
		return r.add(fmt.Sprintf("%s.append[%d]", where, part-1), file, c)
	})
}

// add keeps a file if its content is in the config.
func (r *fileReader) add(where string, f File, c resource) error {
	if c.Source == nil || !strings.HasPrefix(*c.Source, "data:") {
		return nil
	}
	if len(r.files) == maxFiles {
		return fmt.Errorf("it holds more than %d files", maxFiles)
	}
	content, err := Content(*c.Source, c.Compression, r.left)
	if err != nil {
		return fmt.Errorf("%s.%w", where, err)
	}
	r.left -= len(content)
	f.Data = content
	r.files = append(r.files, f)
	return nil
}

// Content returns what a source that is a data URL holds: decoded, and unpacked
// if it is compressed. More than limit bytes are an error. The errors begin with
// the field, source or compression, and quote nothing of the content.
func Content(source, compression string, limit int) ([]byte, error) {
	content, err := decodeDataURL(source)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	switch compression {
	case "":
	case "gzip":
		if content, err = gunzip(content, limit); err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
	default:
		return nil, errors.New("compression: only gzip is known")
	}
	if len(content) > limit {
		return nil, ErrTooLarge
	}
	return content, nil
}

// decodeDataURL reads data:[media type][;base64],data (RFC 2397).
func decodeDataURL(s string) ([]byte, error) {
	head, body, ok := strings.Cut(strings.TrimPrefix(s, "data:"), ",")
	if !ok {
		return nil, errors.New("the data URL has no comma before its data")
	}
	if strings.HasSuffix(head, ";base64") {
		content, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return nil, errors.New("the data URL is not base64")
		}
		return content, nil
	}
	text, err := url.PathUnescape(body)
	if err != nil {
		return nil, errors.New("the data URL has a % that is not followed by two hexadecimal digits")
	}
	return []byte(text), nil
}

func gunzip(data []byte, limit int) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, errors.New("it is not gzip")
	}
	content, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
	switch {
	case err != nil:
		return nil, errors.New("its gzip data is damaged")
	case len(content) > limit:
		return nil, ErrTooLarge
	}
	return content, nil
}

// eachMember calls visit for each key of the object that comes next; visit reads
// the value. A null is an object without keys.
func eachMember(dec *json.Decoder, visit func(key string) error) error {
	if more, err := enter(dec, '{', "an object"); !more {
		return err
	}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := tok.(string)
		if err := visit(key); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// eachElement calls visit for each element of the array that comes next; visit
// reads it. A null is an empty array.
func eachElement(dec *json.Decoder, visit func(*json.Decoder) error) error {
	if more, err := enter(dec, '[', "an array"); !more {
		return err
	}
	for dec.More() {
		if err := visit(dec); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

func enter(dec *json.Decoder, open json.Delim, kind string) (bool, error) {
	tok, err := dec.Token()
	switch {
	case err != nil:
		return false, err
	case tok == nil:
		return false, nil
	case tok != open:
		return false, fmt.Errorf("%s is expected before byte %d", kind, dec.InputOffset())
	}
	return true, nil
}

// skip reads over the value that comes next.
func skip(dec *json.Decoder) error {
	depth := 0
	for {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// describe words the errors of encoding/json; those of this file are passed on.
func describe(raw []byte, err error) error {
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &typed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		p := jsonProblem("", raw, err)
		p.Line, p.Column = 0, 0 // offsets within an element are not those of the config
		return p
	}
	return err
}
