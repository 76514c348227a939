package analyze

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"
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

// sign is a text that gives a cause away, or that tells something else: see the hints.
type sign struct {
	cause int
	text  string
}

// Hints are what a log tells besides causes, in place of the row of a cause.
const (
	hintAddress = -1 - iota // an address of the machine itself
	hintAttempt             // what Ignition asks now; its answer does not say it again
	hintOver                // less that by passing: something works from here on
)

// passing says what ends the time in which a cause counts. It is over where the log goes on
// to say that what had failed works now.
type passing int

const (
	always      passing = iota
	untilConfig         // Ignition has got its config
	untilPulled         // an image was fetched
	untilName           // either of these
	untilNode           // the node is registered
	numPassing
)

// settled are the texts, in lower case, that say that something works.
var settled = []struct {
	over []passing
	text string
}{
	{[]passing{untilConfig, untilName, untilPulled}, "get result: ok"},
	{[]passing{untilConfig, untilName}, "ignition finished successfully"},
	{[]passing{untilPulled, untilName}, "writing manifest to image destination"},
	{[]passing{untilPulled, untilName}, "pulled image"},
	{[]passing{untilPulled, untilName}, "pulled: "},
	{[]passing{untilPulled, untilName}, "successfully pulled"},
	{[]passing{untilPulled, untilName}, "ostree chunk layers already present"},
	{[]passing{untilPulled, untilName}, "staging deployment"},
	{[]passing{untilNode, untilConfig, untilName}, "successfully registered node"},
	{[]passing{untilNode, untilConfig, untilName}, "node has been registered"},
}

// signs is made when the first log is read.
var signs = sync.OnceValue(func() *finder {
	f := &finder{next: make([][256]int32, 1), found: make([][]sign, 1)}
	for i, k := range causes {
		for _, text := range k.Signs {
			f.add(sign{i, text})
		}
	}
	for _, text := range addressHints {
		f.add(sign{hintAddress, text})
	}
	f.add(sign{hintAttempt, ": attempt #"})
	for _, s := range settled {
		for _, over := range s.over {
			f.add(sign{hintOver - int(over), s.text})
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

// match is the last line of a file that holds a sign of a cause and speaks of one thing.
type match struct {
	cause int
	about subject
	// host and port are what it spoke with.
	host, port string
	line       int
	count      int
	text       string
	when       moment
}

// said is what a log says.
type said struct {
	matches []match
	// own are the addresses that the machine says that it has.
	own []string
	// until is the time of the last line that has one.
	until moment
}

// mostHosts bounds the matches of a cause in a file; what speaks of still other hosts counts
// as the last of them.
const mostHosts = 16

// scan reads a log, by its place in the bundle, and returns its last matches of each cause.
func scan(place string, r io.Reader) (said, error) {
	s := scanner{place: place, last: map[key]*match{}, hosts: map[int]int{}, line: 1, asked: line{about: aboutServer}}
	err := s.read(r)
	return s.said(), err
}

// key tells the matches of a file apart.
type key struct {
	cause      int
	about      subject
	host, port string
}

type scanner struct {
	place   string
	last    map[key]*match
	hosts   map[int]int
	over    [numPassing]int
	asked   line // what Ignition asked last
	own     []string
	line    int
	hits    []sign
	kept    []byte
	until   string // the last line that may begin with a time
	earlier string // and the one before it
}

func (s *scanner) read(r io.Reader) error {
	f := signs()
	state := int32(0)
	in := bufio.NewReaderSize(r, 16<<10)
	for {
		part, err := in.ReadSlice('\n')
		for _, c := range part {
			if c == '\\' {
				continue // of a text inside of another one: node \"localhost\" not found
			}
			state = f.next[state][c]
			if found := f.found[state]; len(found) > 0 && len(s.hits) < 64 {
				s.hits = append(s.hits, found...)
			}
		}
		s.kept = append(s.kept, part[:min(len(part), longestText-len(s.kept))]...)
		if bytes.HasSuffix(part, []byte("\n")) {
			state = 0
			s.end()
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if len(s.kept) > 0 {
				s.end()
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return err
		}
	}
}

// end looks at the line that was read.
func (s *scanner) end() {
	if len(s.hits) > 0 {
		s.keep(strings.TrimRight(string(s.kept), "\r\n"))
		s.hits = s.hits[:0]
	}
	if len(s.kept) > 15 {
		s.until, s.earlier = string(s.kept[:min(len(s.kept), 64)]), s.until
	}
	s.kept = s.kept[:0]
	s.line++
}

// keep looks whether the line holds all of a sign, and remembers it.
func (s *scanner) keep(text string) {
	lower := strings.ReplaceAll(strings.ToLower(text), `\`, "")
	l := readLine(s.place, lower)
	if strings.Contains(lower, "get result:") && l.host == "" {
		l.about, l.host, l.port = s.asked.about, s.asked.host, s.asked.port
	}
	var best []sign
	weight := -10
	for _, hit := range s.hits {
		switch {
		case hit.cause == hintAddress:
			s.own = append(s.own, addressesOf(lower)[:min(len(addressesOf(lower)), max(0, mostHosts-len(s.own)))]...)
		case hit.cause == hintAttempt:
			s.asked = l
		case hit.cause <= hintOver:
			s.over[hintOver-hit.cause] = s.line
		case holds(hit, l):
			k := causes[hit.cause]
			if l.about == aboutNothing || l.about == aboutOther { // the stage tells
				best = append(best, hit)
				continue
			}
			if k.Weight > weight {
				best, weight = best[:0], k.Weight
			}
			if k.Weight == weight && len(best) == 0 {
				best = append(best, hit)
			}
		}
	}
	for _, hit := range best {
		s.remember(hit.cause, l, text)
	}
}

// holds reports whether the line is one of a row's, as far as can be told without a stage.
func holds(hit sign, l line) bool {
	k := causes[hit.cause]
	return (!strings.Contains(hit.text, "*") || matches(hit.text, l.text)) && k.admits(l.about) && (k.when == nil || k.when(l))
}

func (s *scanner) remember(cause int, l line, text string) {
	at := key{cause, l.about, l.host, l.port}
	m := s.last[at]
	if m == nil {
		if s.hosts[cause]++; s.hosts[cause] > mostHosts {
			at.host, at.port = "", ""
			m = s.last[at]
		}
	}
	if m == nil {
		m = &match{cause: cause, about: at.about, host: at.host, port: at.port}
		s.last[at] = m
	}
	if m.line == s.line {
		return
	}
	m.line, m.text, m.when = s.line, text, momentOf(text)
	m.count++
}

// said is what is left: what was over at the end of the log is left out.
func (s *scanner) said() said {
	all := said{own: s.own, until: momentOf(s.until)}
	if all.until.IsZero() {
		all.until = momentOf(s.earlier)
	}
	for _, m := range s.last {
		k := causes[m.cause]
		if m.line > s.over[k.Passing] || k.Passing == always {
			all.matches = append(all.matches, *m)
		}
	}
	slices.SortFunc(all.matches, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.cause, b.cause), cmp.Compare(a.line, b.line), cmp.Compare(a.about, b.about), cmp.Compare(a.host, b.host))
	})
	return all
}

// matches reports whether a line, in lower case, holds the parts of a sign in their order.
func matches(sign, line string) bool {
	for part := range strings.SplitSeq(sign, "*") {
		_, rest, found := strings.Cut(line, part)
		if !found {
			return false
		}
		line = rest
	}
	return true
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

// before reports whether the line was written well before t. A line without a time was
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

// compare orders moments, as far as both are known and of the same kind.
func (m moment) compare(o moment) int {
	if m.IsZero() || o.IsZero() || m.year != o.year {
		return 0
	}
	return m.Compare(o.Time)
}
