package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/redact"
)

// Fetcher gets files over HTTP. Its zero value works with the defaults.
type Fetcher struct {
	// Client sends the requests. The default takes its proxies from the environment.
	Client *http.Client
	// Stall is how long the server may send nothing; 30 seconds if it is zero.
	Stall time.Duration
	// Attempts is how often in a row nothing may come; 6 if it is zero.
	Attempts int
	// Pause is the first wait between attempts, doubled each time; 1 second if it is zero.
	Pause time.Duration
	// Window is the time in which a server must send 64 KiB at least; a minute if it is zero.
	Window time.Duration
	// Progress is told how much there is of how much; total is 0 if nobody knows.
	Progress func(done, total int64)
	// Note is told what a person wants to know who waits.
	Note func(text string)

	// freeRoom tells how much fits into a folder; nil asks the system.
	freeRoom func(dir string) (int64, bool)
}

// UserAgent is what servers are told.
const UserAgent = "okd-install"

const (
	defaultStall = 30 * time.Second
	maxPause     = 30 * time.Second
	maxRestarts  = 3
	// progressMade is how many bytes make an attempt count as a success.
	progressMade = 64 << 10
)

// errRestart is why an attempt has to begin from the first byte again.
var errRestart = errors.New("from the beginning")

// errComplete is that nothing is missing.
var errComplete = errors.New("complete")

// permanentError is a failure that trying again does not mend.
type permanentError struct{ error }

// transfer is the download of one file, over as many attempts as it takes.
type transfer struct {
	*Fetcher
	url  string
	part *partial
	// most is how many bytes the file may have; unchecked is what was written since
	// the room on the disk was looked at.
	most, unchecked int64
	// plain forbids ranges: this server does them wrong.
	plain bool
	// resumed tells that bytes of several answers are in the file.
	resumed bool
}

// fetch completes the partial file, whose sum is then the wanted one.
func (f *Fetcher) fetch(ctx context.Context, address string, most int64, part *partial) error {
	t := &transfer{Fetcher: f, url: address, part: part, most: or(most, defaultMost), resumed: part.size > 0}
	if part.size > 0 {
		f.note(fmt.Sprintf("continuing after the %d bytes that an earlier run left", part.size))
	}
	for restarts := 0; ; restarts++ {
		err := t.complete(ctx)
		if err == nil && part.got() == part.SHA256 {
			return nil
		}
		if err == nil && !t.resumed {
			err = wrongSum(address, part)
			part.discard()
			return err
		}
		if err != nil && !errors.Is(err, errRestart) {
			return err
		}
		if restarts == maxRestarts {
			part.discard()
			return diag.Problem{Detail: show(address) + " is a different file on each request",
				Hint: "try again later, or use another server with --mirror"}
		}
		if err == nil {
			f.note("the file that came in several parts has the wrong sum; downloading it again in one part")
			t.plain = true
		} else {
			f.note(strings.TrimSuffix(err.Error(), ": "+errRestart.Error()) + "; starting again")
		}
		t.resumed = false
		if err := part.restart(); err != nil {
			return err
		}
	}
}

// slowCounts is how many failures it is worth that a server was too slow: each takes a
// whole window.
const slowCounts = 2

// complete makes attempts until the file has its whole length. A server that is too slow
// over all of them, or three times within one, is given up.
func (t *transfer) complete(ctx context.Context) error {
	pause := or(t.Pause, time.Second)
	overall := pace{window: 10 * or(t.Window, minWindow)}
	for failures := 0; ; {
		if t.part.Total > 0 && t.part.size == t.part.Total {
			return nil
		}
		before := t.part.size
		whole, wait, err := t.attempt(ctx)
		var permanent permanentError
		var local diag.Problem
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && whole:
			return nil
		case errors.As(err, &permanent):
			return permanent.error
		case errors.Is(err, errRestart), errors.As(err, &local):
			return err
		}
		var slow tooSlow
		switch {
		case errors.As(err, &slow):
			failures += slowCounts
		case t.part.size-before >= progressMade:
			failures = 0
		default:
			failures++
		}
		if slow := overall.add(int(t.part.size-before), time.Now()); slow != nil {
			return t.givenUp(slow)
		}
		if failures >= or(t.Attempts, 6) {
			return t.givenUp(err)
		}
		wait = max(wait, min(maxPause, pause<<max(0, failures-1)))
		wait += rand.N(wait/4 + 1) // many machines must not ask at the same instant
		t.note(fmt.Sprintf("%s; trying again in %s", err, wait.Round(100*time.Millisecond)))
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func (t *transfer) givenUp(err error) error {
	p := diag.Problem{Detail: fmt.Sprintf("%s cannot be downloaded: %v", show(t.url), err),
		Hint: "check the connection to this server; proxies are taken from HTTPS_PROXY and NO_PROXY; --mirror uses another server"}
	if t.part.size > 0 {
		p.Hint = "what was downloaded so far is kept, and the same command continues from there. " + diag.Capital(p.Hint)
	}
	return p
}

// attempt asks once and takes what comes. whole is true if the server has sent
// the file to its end; wait is how long it asks to be left alone.
func (t *transfer) attempt(ctx context.Context) (whole bool, wait time.Duration, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stall := or(t.Stall, defaultStall)
	watchdog := time.AfterFunc(stall, cancel)
	defer watchdog.Stop()
	request, err := t.request(ctx)
	if err != nil {
		return false, 0, permanentError{err}
	}
	response, err := t.client().Do(request)
	if err != nil {
		return false, 0, reasonOf(err, stall)
	}
	defer func() { _ = response.Body.Close() }()
	if wait, err = t.check(response); err != nil {
		if errors.Is(err, errComplete) {
			return true, 0, nil
		}
		return false, wait, err
	}
	buffer := make([]byte, 256<<10)
	speed := pace{window: or(t.Window, minWindow), begin: time.Now()}
	for {
		watchdog.Reset(stall)
		n, err := response.Body.Read(buffer)
		if n > 0 {
			if err := t.take(buffer[:n]); err != nil {
				return false, 0, err
			}
			if err := speed.add(n, time.Now()); err != nil {
				return false, 0, err
			}
			if t.Progress != nil {
				t.Progress(t.part.size, t.part.Total)
			}
		}
		switch {
		case errors.Is(err, io.EOF) && t.part.Total > 0 && t.part.size != t.part.Total:
			return false, 0, fmt.Errorf("the server stopped after %d of %d bytes", t.part.size, t.part.Total)
		case errors.Is(err, io.EOF):
			return true, 0, nil
		case err != nil:
			return false, 0, reasonOf(err, stall)
		}
	}
}

func (t *transfer) request(ctx context.Context) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, http.NoBody)
	if err != nil {
		return nil, diag.Problem{Detail: show(t.url) + " is not a URL", Hint: "write it like https://mirror.example.com/coreos/"}
	}
	request.Header.Set("User-Agent", UserAgent)
	request.Header.Set("Accept-Encoding", "identity") // the sum is that of the file
	if t.part.size > 0 && !t.plain {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", t.part.size))
		if t.part.Validator != "" {
			request.Header.Set("If-Range", t.part.Validator)
		}
	}
	return request, nil
}

// check looks at the head of an answer and prepares the partial file for its body.
func (t *transfer) check(r *http.Response) (wait time.Duration, err error) {
	o := origin{SHA256: t.part.SHA256, Validator: validator(r.Header)}
	asked := r.Request.Header.Get("Range") != ""
	switch {
	case r.StatusCode == http.StatusOK:
		if t.part.size > 0 {
			t.note("the server sends the file from its beginning")
			if err := t.part.restart(); err != nil {
				return 0, err
			}
		}
		t.resumed = false
		o.Total = max(0, r.ContentLength)
	case r.StatusCode == http.StatusPartialContent && asked:
		first, total, ok := contentRange(r.Header.Get("Content-Range"))
		known := t.part.origin
		switch {
		case !ok || first != t.part.size:
			t.plain = true
			return 0, fmt.Errorf("the server continues at another position than requested: %w", errRestart)
		case known.Total > 0 && total > 0 && total != known.Total, known.Validator != "" && o.Validator != "" && o.Validator != known.Validator:
			return 0, fmt.Errorf("the server has a different file now: %w", errRestart)
		}
		t.resumed = true
		o.Total = max(total, known.Total)
		if o.Validator == "" {
			o.Validator = known.Validator
		}
	case r.StatusCode == http.StatusRequestedRangeNotSatisfiable && asked:
		if _, total, _ := contentRange(r.Header.Get("Content-Range")); t.part.Total == 0 && total == t.part.size {
			return 0, errComplete // it was all there, and nobody knew
		}
		t.plain = true
		return 0, fmt.Errorf("the server has less than what was downloaded already: %w", errRestart)
	default:
		return retryAfter(r.Header), t.refused(r)
	}
	switch {
	case o.Total > t.most:
		return 0, errors.Join(t.tooLarge(fmt.Sprintf("the server reports %d bytes", o.Total)), t.part.restart())
	case o.Total == 0:
		err = t.roomLeft(t.part)
	default:
		err = t.roomFor(t.part, o.Total)
	}
	if err != nil {
		return 0, err
	}
	return 0, t.part.describe(o)
}

// refused makes an error of a status that brings no file.
func (t *transfer) refused(r *http.Response) error {
	err := fmt.Errorf("the server answers %d %s", r.StatusCode, http.StatusText(r.StatusCode))
	switch code := r.StatusCode; {
	case code >= 500 && code != http.StatusNotImplemented, code == http.StatusTooManyRequests,
		code == http.StatusRequestTimeout, code == http.StatusTooEarly:
		return err
	}
	p := diag.Problem{Detail: fmt.Sprintf("%s cannot be downloaded: %v", show(r.Request.URL.String()), err),
		Hint: "check the URL; --mirror uses another server, on which the files have their own names"}
	if r.StatusCode == http.StatusProxyAuthRequired {
		p.Hint = "the proxy requires a user: HTTPS_PROXY=http://user:password@proxy.example.com:3128"
	}
	return permanentError{p}
}

func wrongSum(address string, p *partial) error {
	return diag.Problem{
		Detail: fmt.Sprintf("%s is not the expected file: its SHA-256 is %s, not %s (%d bytes)", show(address), p.got(), p.SHA256, p.size),
		Hint:   "a proxy or a portal may have answered in place of the server, or the mirror may be stale or damaged; nothing was kept",
	}
}

func (f *Fetcher) client() *http.Client {
	if f.Client != nil {
		return f.Client
	}
	return http.DefaultClient
}

func (f *Fetcher) note(text string) {
	if f.Note != nil {
		f.Note(text)
	}
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// validator is what tells one state of a file from another: an ETag that is not
// weak, or else the date.
func validator(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return h.Get("Last-Modified")
}

// contentRange reads bytes 5-9/10 and bytes */10; total is 0 if it is not known.
func contentRange(text string) (first, total int64, ok bool) {
	rest, isBytes := strings.CutPrefix(text, "bytes ")
	span, size, _ := strings.Cut(rest, "/")
	total, err := strconv.ParseInt(size, 10, 64)
	if err != nil || total < 0 {
		total = 0
	}
	begin, _, isSpan := strings.Cut(span, "-")
	first, err = strconv.ParseInt(begin, 10, 64)
	return first, total, isBytes && isSpan && err == nil && first >= 0
}

// retryAfter is how long the server wants to be left alone, in reason.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 120)) * time.Second
}

// reasonOf is why an attempt ended, without the URL, which may hold a password.
func reasonOf(err error, stall time.Duration) error {
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("no data arrived for %s", stall)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the server ended the connection early")
	case os.IsTimeout(err):
		return errors.New("the connection timed out")
	}
	return err
}

// show is a URL for people: without user, password and query.
func show(address string) string { return redact.URL(address) }
