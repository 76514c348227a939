package diag

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// And joins words as a sentence does: a, b and c. It is empty for none.
func And(words []string) string { return listed(words, " and ") }

// Or joins words as And does: a, b or c.
func Or(words []string) string { return listed(words, " or ") }

func listed(words []string, last string) string {
	n := len(words) - 1
	if n < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n], ", ") + last + words[n]
}

// Few are the words, or of more than most the first ones and how many others there
// are: a, b, c, 7 more.
func Few(words []string, most int) []string {
	if len(words) <= most {
		return words
	}
	return append(slices.Clone(words[:most-1]), fmt.Sprintf("%d more", len(words)-most+1))
}

// Count is a number of things: no workers, 1 worker, 3 workers.
func Count[N int | int64](n N, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	default:
		return strconv.FormatInt(int64(n), 10) + " " + noun + "s"
	}
}

// Capital is a text that begins with a capital letter.
func Capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// FirstLine is a text up to its first line end.
func FirstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// Hours is a span of time to the minute, such as 11h59m.
func Hours(d time.Duration) string {
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// ToTheMinute is the layout of a time in a message or a table.
const ToTheMinute = "2006-01-02 15:04 MST"

// FirstSentence is a text up to its first full stop, without it.
func FirstSentence(text string) string {
	first, _, _ := strings.Cut(text, ". ")
	return strings.TrimSuffix(first, ".")
}

// Clip is a text of at most so many characters, the last of which says that there
// were more: a name in a message, or a line on a screen.
func Clip(s string, most int) string {
	if len(s) <= most { // its characters are no more than its bytes
		return s
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// width is how wide a text is that people read, where the terminal is not narrower.
const width = 78

// Wrap breaks a text into lines that people read well, each behind the indent, for a
// terminal of so many columns, or 0 for none.
func Wrap(text, indent string, columns int) string {
	most := width
	if columns > 0 {
		most = min(width, columns)
	}
	line := indent + strings.Join(strings.Fields(text), " ")
	return strings.Join(Fold(line, indent, most), "\n")
}

// Meant is a hint: the name that word was probably meant to be, or else the text
// that says which there are.
func Meant(word string, names []string, which string) string {
	near := Nearest(word, names)
	if near == "" {
		near = onlyLonger(word, names)
	}
	if near == "" {
		return which
	}
	return "did you mean " + near + "?"
}

// onlyLonger returns the one name that begins with word.
func onlyLonger(word string, names []string) string {
	found := ""
	for _, name := range names {
		switch {
		case word == "" || !strings.HasPrefix(name, word):
		case found != "":
			return ""
		default:
			found = name
		}
	}
	return found
}

// Left is a time in one unit that people count in: 40s, 23h, 364d, 9y. It is over if there
// is none.
func Left(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d <= 0:
		return "over"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 3*day:
		return fmt.Sprintf("%dh", int(d.Hours()))
	case d < 730*day:
		return fmt.Sprintf("%dd", int(d/day))
	default:
		return fmt.Sprintf("%dy", int(d/(365*day)))
	}
}
