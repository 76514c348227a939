package gather

import (
	"bytes"
	"strings"
	"sync"

	"github.com/okd-project/okd-install/pkg/diag"
)

// lines passes on what a host prints, line by line, and remembers the last ones.
type lines struct {
	tell func(string)
	mu   sync.Mutex
	part []byte
	kept []string
	told int
}

// longestLine is how much of a line is passed on.
const longestLine = 500

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := p
	for {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		l.part = append(l.part, line[:min(len(line), longestLine-min(longestLine, len(l.part)))]...)
		if !ended {
			return len(p), nil
		}
		l.end()
		rest = after
	}
}

func (l *lines) end() {
	text := diag.Plain(strings.TrimSpace(string(l.part)))
	l.part = l.part[:0]
	if text == "" {
		return
	}
	l.kept = append(l.kept[max(0, len(l.kept)-2):], text)
	switch l.told++; {
	case l.tell == nil || l.told > mostLines:
	case l.told == mostLines:
		l.tell(text + " (there is more, which is not shown)")
	default:
		l.tell(text)
	}
}

// last returns the last three lines.
func (l *lines) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end()
	return strings.Join(l.kept, " / ")
}
