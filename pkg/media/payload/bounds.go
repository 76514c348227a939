package payload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// What bounds a single answer of a registry: its bytes, and its pace. The library reads
// tokens and errors to their end, whatever comes.
const (
	// maxAnswer is for everything but layers, in bytes: lists, logins, errors.
	maxAnswer = 16 << 20
	// defaultWindow is in what time slowest bytes must come.
	defaultWindow = time.Minute
	slowest       = 64 << 10
)

// bounded ends answers that are too large, or that would never end.
type bounded struct {
	http.RoundTripper
	window time.Duration
}

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	most := int64(maxAnswer)
	if strings.Contains(r.URL.Path, "/blobs/") || r.Header.Get("Range") != "" || r.Response != nil { // a redirect leads to the storage
		most = maxLayer + 1
	}
	answer.Body = newBody(answer.Body, most, cmp.Or(b.window, defaultWindow))
	return answer, nil
}

// body is the body of an answer within bounds.
type body struct {
	io.ReadCloser
	left  int64
	count atomic.Int64
	why   atomic.Pointer[error]
	stop  context.CancelFunc
	read  chan struct{}
}

func newBody(rc io.ReadCloser, most int64, window time.Duration) *body {
	ctx, cancel := context.WithCancel(context.Background())
	b := &body{ReadCloser: rc, left: most, stop: cancel, read: make(chan struct{}, 1)}
	go b.watch(ctx, window)
	return b
}

// watch closes the body when it has become too slow. A reader that is busy with what it
// has got does not count: the time runs only while it waits.
func (b *body) watch(ctx context.Context, window time.Duration) {
	stall := window / 2
	silent, slow := time.NewTimer(stall), time.NewTicker(window)
	defer silent.Stop()
	defer slow.Stop()
	before := int64(0)
	end := func(err error) {
		b.why.CompareAndSwap(nil, &err)
		_ = b.ReadCloser.Close() // wakes the reader
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.read:
			silent.Reset(stall)
		case <-silent.C:
			end(fmt.Errorf("no data arrived for %s", stall))
			return
		case <-slow.C:
			now := b.count.Load()
			if now-before < slowest {
				end(fmt.Errorf("it is too slow: %d bytes in %s", now-before, window))
				return
			}
			before = now
		}
	}
}

func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		if n, err := b.ReadCloser.Read(make([]byte, 1)); n == 0 {
			return 0, err
		}
		return 0, layerError("its answer does not end")
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	b.count.Add(int64(n))
	select {
	case b.read <- struct{}{}:
	default:
	}
	if err != nil && !errors.Is(err, io.EOF) {
		if why := b.why.Load(); why != nil {
			err = layerError((*why).Error())
		}
	}
	if err != nil {
		b.stop()
	}
	return n, err
}

// Close ends the watch as well.
func (b *body) Close() error {
	b.stop()
	return b.ReadCloser.Close()
}
