package redact

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Span is a piece of a text, from a byte to before another.
type Span struct{ From, To int }

// form finds secrets by what they look like, wherever they stand: the first group
// is the secret. A text that holds none of the words, in lower case, has no match:
// looking for words is a hundred times faster.
type form struct {
	words []string
	find  *regexp.Regexp
	// except says what is none of them, by the whole match and the secret.
	except func(match, secret string) bool
	// trim are characters that end a sentence or a quotation, and no secret.
	trim string
}

const (
	// named are the names of parameters whose value is a secret.
	named = `[a-z0-9_.-]*(?:token|password|passwd|secret|signature|credential|api[_-]?key|access[_-]?key)|sig|auth|apikey`
)

// prose are words that follow the name of a flag in a sentence, and are no value.
var prose = strings.Fields("is was are must may has needs and or cannot given with without for to in of from on names takes expects requires not as file flag says " +
	"contradict missing, prints shows hides a an the it where while if")

// inProse reports whether a sentence only speaks of a flag.
func inProse(match, secret string) bool {
	return slices.Contains(prose, secret) || strings.Contains(match, "--show-") || strings.Contains(match, "--skip-")
}

var forms = sync.OnceValue(func() []form {
	return []form{
		{words: []string{"private key-----"}, find: regexp.MustCompile(`(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z))`)},
		// crypt(3) and bcrypt
		{words: []string{"$1$", "$5$", "$6$", "$7$", "$y$", "$gy$", "$2a$", "$2b$", "$2x$", "$2y$"}, find: regexp.MustCompile(`(\$(?:1|5|6|7|y|gy|2[abxy])\$[./A-Za-z0-9$=,]{12,})`)},
		// f.iso?token=… with or without a server
		{words: []string{"token=", "password=", "passwd=", "secret=", "signature=", "credential=", "key=", "sig=", "auth="}, find: regexp.MustCompile(`(?i)[?&;#](?:` + named + `)=([^&\s"'#]+)`), trim: afterwards},
		{words: []string{"bearer", "basic"}, find: regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+([A-Za-z0-9._~+/-]{12,}=*)`)},
		// three parts of a JSON web token
		{words: []string{"eyj"}, find: regexp.MustCompile(`\b(eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)`)},
		// a proxy without its scheme
		{words: []string{"proxy"}, find: regexp.MustCompile(`(?i)proxy["']?\s*[=:]\s*["']?([^\s"'@/:]+:(?:[^\s"'/\\]|/[^\s"'/])[^\s"']*)@`)},
		// tokens of OpenShift, and of places where code and images are kept
		{words: []string{"sha256~", "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-"}, find: regexp.MustCompile(`(sha256~[A-Za-z0-9_-]{20,}|gh[opsur]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})`)},
	}
})

// assigned are further forms, of what stands in a file.
var assigned = sync.OnceValue(func() []form {
	return []form{
		// NAME=value, name: value; $value is a variable, and not hidden
		{
			words: []string{"passw", "passphrase", "psk", "key", "token"},
			find:  regexp.MustCompile(`(?im)^[ \t]*(?:export[ \t]+|- )?["']?[a-z0-9_.-]*(?:password|passwd|passphrase|psk|secret[_-]?key|private[_-]?key|preshared[_-]?key|api[_-]?key|access[_-]?key|token)["']?[ \t]*[=:][ \t]*["']?([^\s"'$<{\[(|>][^\s"']*)`),
		},
	}
})

// isPath reports whether the value of --pull-secret is the file that it is in.
func isPath(match, secret string) bool {
	return strings.Contains(match, "pull-secret=") && strings.IndexByte("/.~", secret[0]) >= 0
}

// said are further forms, of what stands in a message and not in a file.
var said = sync.OnceValue(func() []form {
	return []form{
		// --password value, and the words with which a shell shows a command
		{words: []string{"--"}, find: regexp.MustCompile(`(?i)(?:^|[\s"'\[(])--[a-z0-9-]*(?:password|passwd|passphrase|token)(?:=|["']?[ \t]+)["']?([^\s"'=-][^\s"']*|-[^\s"'-][^\s"']*)`), except: inProse},
		{words: []string{"passw", "passphrase", "token", "secret"}, find: regexp.MustCompile(`(?i)(?:^|[^\w./-])[\w.-]*(?:password|passwd|passphrase|token|secret)(?:=|\s+is:\s+|\s*[=:]\s*["'])["']?((?:\\.|[^\s"'\\,;&}\])$<{\[(|>])(?:\\.|[^\s"'\\,;&}\])])*)`), trim: ":", except: isPath},
		{words: []string{"uthorization"}, find: regexp.MustCompile(`(?i)authorization["']?[:=]\s*["']?(?:bearer |basic )?([A-Za-z0-9+/=._~-]{8,})`)},
		// what Go says about a URL that it cannot read
		{words: []string{"invalid "}, find: regexp.MustCompile(`invalid (?:port|host|URL escape|userinfo|character) "((?:[^"\\]|\\.)*)"`)},
	}
})

// Forms finds the secrets of a file that show by their own form: private keys,
// hashes of passwords, tokens, what follows the name of a password, and whatever
// of a URL may be one. They come in no order, and may overlap.
func Forms(text string) []Span {
	return slices.Concat(formsIn(text, forms()), formsIn(text, assigned()), addresses(text, false))
}

// foldable are letters that (?i) takes for s and k.
var foldable = strings.NewReplacer("\u017f", "s", "\u212a", "k")

// lowered is a text in lower case as far as its letters are ASCII; the rest does not
// matter, and may be no text at all.
func lowered(text string) string {
	if strings.Contains(text, "\u017f") || strings.Contains(text, "\u212a") {
		text = foldable.Replace(text)
	}
	out := []byte(text)
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return string(out)
}

func formsIn(text string, all []form) []Span {
	var found []Span
	lower := lowered(text)
	for _, f := range all {
		if !slices.ContainsFunc(f.words, func(word string) bool { return strings.Contains(lower, word) }) {
			continue
		}
		for _, at := range f.find.FindAllStringSubmatchIndex(text, -1) {
			if f.except == nil || !f.except(text[at[0]:at[1]], text[at[2]:at[3]]) {
				found = append(found, Span{at[2], at[2] + len(strings.TrimRight(text[at[2]:at[3]], f.trim))})
			}
		}
	}
	return found
}

// merge puts spans in order, and makes one of those that overlap.
func merge(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return a.From - b.From })
	var out []Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.From < out[n-1].To {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

// cut puts Gone in the place of each span.
func cut(text string, spans []Span) string {
	if len(spans) == 0 {
		return text
	}
	var b strings.Builder
	end := 0
	for _, s := range merge(spans) {
		if s.From == s.To || text[s.From:s.To] == Gone {
			continue
		}
		b.WriteString(text[end:s.From] + Gone)
		end = s.To
	}
	return b.String() + text[end:]
}
