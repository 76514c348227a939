package redact

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A URL that was written by hand may be wrong, and then a parser puts its password
// where nobody looks for one: in http://u:pa/x@h the host is u and the port pa. So
// nothing here parses. Whatever may have been meant as a secret is taken for one.

// URL takes out of a URL what may be a secret in it: user and password, the query
// and the fragment. All of the text is taken for a URL, however wrong it is.
func URL(text string) string { return cut(text, partsOf(text, true)) }

// placeholders are what our own hints write for a user and a password.
var placeholders = []string{"user:password", "USER:PASSWORD", "<user>:<password>"}

// partsOf are the secret parts of a URL. Without query, the query stays.
func partsOf(text string, query bool) []Span {
	start := schemeEnd(text)
	rest := text[start:]
	at := lastAt(rest)
	mark := strings.IndexAny(rest, "?#")
	if mark >= 0 && at > mark && query {
		// an @ in a query, or a ? in a password: nobody can tell
		return []Span{{start, len(text)}}
	}
	var spans []Span
	if at >= 0 && !slices.Contains(placeholders, rest[:at]) {
		spans = append(spans, Span{start, start + at})
	}
	if at < 0 && query && strings.HasSuffix(text[:start], "://") {
		if from, to := notPort(rest); from < to {
			spans = append(spans, Span{start + from, start + to})
		}
	}
	if query && mark >= 0 && mark+1 < len(rest) {
		spans = append(spans, Span{start + mark + 1, len(text)})
	}
	return spans
}

// schemeEnd is where what follows the scheme begins, with however many slashes; 0
// if there is no scheme.
func schemeEnd(text string) int {
	return len(scheme().FindString(text))
}

var scheme = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[/\\]+`) })

// lastAt is the place of the last @ that is not that of an image's digest; -1 if
// there is none.
func lastAt(text string) int {
	for end := len(text); ; {
		at := strings.LastIndexByte(text[:end], '@')
		if at < 0 || !digest().MatchString(text[at+1:]) {
			return at
		}
		end = at
	}
}

var digest = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^sha(?:256|384|512):[0-9a-f]*`) })

// notPort is what stands in the place of a port and is none: the password of a URL
// that is cut off before its @.
func notPort(rest string) (from, to int) {
	end := strings.IndexAny(rest, `/?#\`)
	if end < 0 {
		end = len(rest)
	}
	from = strings.IndexByte(rest[:end], ':') + 1
	if from == 0 || strings.HasPrefix(rest, "[") {
		return 0, 0
	}
	port := strings.TrimLeft(rest[from:end], "0123456789")
	if port == "" || strings.ContainsRune(`,;|&'`, rune(port[0])) || slices.Contains([]string{"port", "PORT", "<port>"}, port) {
		return 0, 0
	}
	if strings.Trim(rest[:end], "0123456789abcdefABCDEF:") == "" && strings.Count(rest[:end], ":") > 1 {
		return 0, 0 // an IPv6 address without its brackets
	}
	return from, len(rest)
}

const withScheme = `\b[A-Za-z][A-Za-z0-9+.-]*:[/\\]+[^\s"]+`

var (
	// address is what may be a URL within a text, and anyAddress also what has no
	// scheme and is user:password@host. In a script that would be too much.
	address    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(withScheme) })
	anyAddress = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(withScheme + `|[^\s"'@:/\\=(,;{}\[\]<>]+:[^\s"]*@[^\s"]*`)
	})
	// bareQuery is a query without a server before it: f.iso?a=b.
	bareQuery = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^\s?]\?([\w.%~-]+=[^\s"']+)`) })
)

// afterwards is what ends a sentence or a quotation, and no URL.
const afterwards = `.,;:!'")]}>` + "`"

// blanks is what belongs to a URL behind a blank that somebody forgot to write as %20:
// where a port should be is none, and there is an @ before the quotation ends.
func blanks(word, rest string) string {
	start := schemeEnd(word)
	if from, to := notPort(word[start:]); start == 0 || from >= to || strings.Contains(word, "@") {
		return ""
	}
	if end := strings.IndexAny(rest, "\"\n"); end >= 0 {
		rest = rest[:end]
	}
	return rest[:strings.LastIndexByte(rest, '@')+1]
}

// addresses finds the secret parts of all URLs in a text. Without query, as in a
// file or a log of a machine, queries stay, and so does what has no scheme.
func addresses(text string, query bool) []Span {
	var spans []Span
	if strings.Contains(text, ":/") || strings.Contains(text, `:\`) || query && strings.Contains(text, "@") {
		find := address()
		if query {
			find = anyAddress()
		}
		for _, at := range find.FindAllStringIndex(text, -1) {
			word := strings.TrimRight(text[at[0]:at[1]], afterwards)
			if query {
				word += blanks(word, text[at[0]+len(word):])
			}
			for _, part := range partsOf(word, query) {
				spans = append(spans, Span{at[0] + part.From, at[0] + part.To})
			}
		}
	}
	if query && strings.Contains(text, "?") {
		for _, at := range bareQuery().FindAllStringSubmatchIndex(text, -1) {
			query := strings.TrimRight(text[at[2]:at[3]], afterwards)
			spans = append(spans, Span{at[2], at[2] + len(query)})
		}
	}
	return spans
}
