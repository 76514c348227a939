package inspect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/okd-project/okd-install/pkg/diag"
)

// This file reads JSON piece by piece, and says where a piece is wrong.

// decode reads a value, and says where it is if it is not what it should be.
func decode(where string, raw json.RawMessage, to any) error {
	err := json.Unmarshal(raw, to)
	var typed *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &typed) && typed.Field != "":
		return fmt.Errorf("%s.%s: a JSON %s is not allowed here",
			where, diag.Printable(strings.ToLower(typed.Field[:1])+typed.Field[1:]), typed.Value)
	case errors.As(err, &typed):
		return fmt.Errorf("%s: a JSON %s is not allowed here", where, typed.Value)
	}
	return fmt.Errorf("%s: is not what Ignition expects there", where)
}

// members calls visit for each member of an object; null has none.
func members(where string, raw json.RawMessage, visit func(key string, value json.RawMessage) error) error {
	return stream(where, raw, '{', "an object", func(dec *json.Decoder, _ int) error {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := tok.(string)
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		return visit(key, value)
	})
}

// elements calls visit for each element of an array with its place; null and
// nothing have none.
func elements(where string, raw json.RawMessage, visit func(where string, value json.RawMessage) error) error {
	return stream(where, raw, '[', "an array", func(dec *json.Decoder, i int) error {
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		return visit(fmt.Sprintf("%s[%d]", where, i), value)
	})
}

// stream reads one element after the other, so that a config of nothing but
// brackets costs no memory.
func stream(where string, raw json.RawMessage, open json.Delim, kind string, visit func(*json.Decoder, int) error) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	tok, err := dec.Token()
	switch {
	case err != nil:
		return err
	case tok == nil:
		return nil
	case tok != open && where == "":
		return errors.New("is JSON, but not an Ignition config, which is an object")
	case tok != open:
		return fmt.Errorf("%s: %s is expected here", where, kind)
	}
	for i := 0; dec.More(); i++ {
		if err := visit(dec, i); err != nil {
			return err
		}
	}
	if _, err = dec.Token(); err != nil {
		return err
	}
	if _, err = dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is text after the end of the config")
	}
	return nil
}

// validText tells that data is UTF-8 without control characters but white space.
func validText(data []byte) bool {
	return utf8.Valid(data) && bytes.IndexFunc(data, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' && r != '\r' && r != '\f' || r == 0x7f
	}) < 0
}
