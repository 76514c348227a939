package analyze

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"time"
)

// longestText is how much of a line is kept to look at.
const longestText = 4096

// finder finds the first parts of all signs in one pass (Aho and Corasick, "Efficient
// string matching", CACM 1975): a log of a gigabyte is read once, whatever the table
// holds.
type finder struct {
	next [][256]int32
	// found lists the signs whose first part ends in a state.
	found [][]sign
}

// sign is a text that gives a cause away.
type sign struct {
	cause int
	text  string
}

// signs is made when the first log is read.
var signs = sync.OnceValue(func() *finder {
	f := &finder{next: make([][256]int32, 1), found: make([][]sign, 1)}
	for i, k := range Causes {
		for _, text := range k.Signs {
			f.add(sign{i, text})
		}
	}
	f.link()
	return f
})

func (f *finder) add(s sign) {
	state := int32(0)
	first, _, _ := strings.Cut(s.text, "*")
	for _, c := range []byte(first) {
		if f.next[state][c] == 0 {
			f.next = append(f.next, [256]int32{})
			f.found = append(f.found, nil)
			f.next[state][c] = int32(len(f.next) - 1)
		}
		state = f.next[state][c]
	}
	f.found[state] = append(f.found[state], s)
}

// link completes the table: where a text goes on differently, the longest end of it that
// begins a sign counts. Letters mean the same in both cases.
func (f *finder) link() {
	fail := make([]int32, len(f.next))
	var queue []int32
	for _, to := range f.next[0] {
		if to != 0 {
			queue = append(queue, to)
		}
	}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		f.found[state] = append(f.found[state], f.found[fail[state]]...)
		for c, to := range f.next[state] {
			if to == 0 {
				f.next[state][c] = f.next[fail[state]][c]
				continue
			}
			fail[to] = f.next[fail[state]][c]
			queue = append(queue, to)
		}
	}
	for state := range f.next {
		for c := byte('A'); c <= 'Z'; c++ {
			f.next[state][c] = f.next[state][c+'a'-'A']
		}
	}
}

// match is the last line of a file that holds a sign of a cause.
type match struct {
	cause int
	line  int
	count int
	text  string
	when  moment
}

// scan reads a log and returns its last match of each cause.
func scan(r io.Reader) ([]match, error) {
	f := signs()
	last := map[int]*match{}
	var hits []sign
	state, line := int32(0), 1
	var kept []byte
	end := func() {
		if len(hits) > 0 {
			keep(last, hits, line, string(kept))
			hits = hits[:0]
		}
		state, kept = 0, kept[:0]
		line++
	}
	in := bufio.NewReaderSize(r, 16<<10)
	for {
		part, err := in.ReadSlice('\n')
		for _, c := range part {
			state = f.next[state][c]
			if found := f.found[state]; len(found) > 0 && len(hits) < 64 {
				hits = append(hits, found...)
			}
		}
		kept = append(kept, part[:min(len(part), longestText-len(kept))]...)
		if bytes.HasSuffix(part, []byte("\n")) {
			end()
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if len(kept) > 0 {
				end()
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return sorted(last), err
		}
	}
}

// keep looks whether the line holds all of a sign, and remembers it.
func keep(last map[int]*match, hits []sign, line int, text string) {
	text = strings.TrimRight(text, "\r\n")
	lower := strings.ToLower(text)
	for _, hit := range hits {
		m := last[hit.cause]
		if m != nil && m.line == line || strings.Contains(hit.text, "*") && !matches(hit.text, lower) {
			continue
		}
		if m == nil {
			m = &match{cause: hit.cause}
			last[hit.cause] = m
		}
		m.line, m.text, m.when = line, text, momentOf(text)
		m.count++
	}
}

func sorted(last map[int]*match) []match {
	var all []match
	for i := range Causes {
		if m := last[i]; m != nil {
			all = append(all, *m)
		}
	}
	return all
}

// moment is a time in a log, which may lack the year.
type moment struct {
	time.Time
	year bool
}

// momentOf reads the time that a line begins with, as journalctl, klog or etcd write it;
// zero if it has none.
func momentOf(line string) moment {
	if len(line) >= 15 {
		if t, err := time.Parse(time.Stamp, line[:15]); err == nil {
			return moment{Time: t}
		}
		if strings.IndexByte("IWEF", line[0]) >= 0 {
			if t, err := time.Parse("0102 15:04:05", line[1:14]); err == nil {
				return moment{Time: t}
			}
		}
	}
	if _, rest, ok := strings.Cut(line, `"ts":"`); ok {
		line = rest
	}
	if len(line) >= 19 {
		if t, err := time.Parse("2006-01-02T15:04:05", line[:19]); err == nil {
			return moment{Time: t, year: true}
		}
	}
	return moment{}
}

// before tells whether the line was written well before t. A line without a time was
// not.
func (m moment) before(t time.Time) bool {
	if m.IsZero() || t.IsZero() {
		return false
	}
	when := m.Time
	if !m.year {
		t = t.UTC()
		// the year that brings it nearest
		for year := t.Year() + 1; ; year-- {
			when = time.Date(year, m.Month(), m.Day(), m.Hour(), m.Minute(), m.Second(), 0, time.UTC)
			if when.Sub(t) < 183*24*time.Hour {
				break
			}
		}
	}
	return when.Before(t.Add(-time.Minute))
}
