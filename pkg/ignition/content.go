package ignition

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// MaxContent is how many bytes of content are read of one config, in all.
const MaxContent = 64 << 20

// ErrTooLarge tells of more content than is read.
var ErrTooLarge = fmt.Errorf("its files hold more than %d MiB", MaxContent>>20)

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
