package diag

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file holds how lines are broken. A width counts characters; 0 is as wide as it gets.

// Columns is how many characters a text has.
func Columns(text string) int { return utf8.RuneCountInString(text) }

// Fold breaks a line at its blanks into lines of at most width characters, and puts indent
// before the further ones. A word that is longer stays whole, so that it can be copied: the
// terminal breaks it.
func Fold(line, indent string, width int) []string {
	return fold(line, indent, width, func(string) bool { return true }, "")
}

// FoldCommand breaks a command for a shell, which takes the lines as one: each but the last
// ends with a backslash, and none is broken between quotes.
func FoldCommand(line, indent string, width int) []string {
	return fold(line, indent, width, unquoted, ` \`)
}

// unquoted reports whether a shell takes what follows the text for a new word.
func unquoted(text string) bool {
	var quote rune
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && quote != '\'':
			escaped = true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		}
	}
	return quote == 0 && !escaped
}

// fold breaks a line at blanks where may allows it for the text before one.
func fold(line, indent string, width int, may func(before string) bool, end string) []string {
	var lines []string
	margin := len(line) - len(strings.TrimLeft(line, " "))
	for begin := max(margin, min(len(indent), len(line))); width > 0 && Columns(line) > width; begin = len(indent) {
		at, column := -1, 0
		for i, r := range line {
			if r == ' ' && i >= begin && (column+len(end) <= width || at < 0) && may(line[:i]) {
				at = i
			}
			column++
		}
		if at < 0 || strings.TrimSpace(line[:at]) == "" || strings.TrimSpace(line[at:]) == "" {
			break
		}
		lines = append(lines, strings.TrimRight(line[:at], " ")+end)
		line = indent + strings.TrimLeft(line[at:], " ")
	}
	return append(lines, line)
}

// fit breaks a text into lines of which none has more than width characters: at blanks, or
// else behind what joins the parts of a name, or where it must be.
func fit(text string, width int) []string {
	if width <= 0 || Columns(text) <= width {
		return []string{text}
	}
	var lines []string
	line := ""
	for _, part := range parts(text) {
		if line != "" && Columns(line)+Columns(strings.TrimRight(part, " ")) > width {
			lines, line = append(lines, strings.TrimRight(line, " ")), ""
		}
		line += part
		for Columns(strings.TrimRight(line, " ")) > width {
			r := []rune(line)
			lines, line = append(lines, string(r[:width])), string(r[width:])
		}
	}
	return append(lines, strings.TrimRight(line, " "))
}

// longestPart is the least width at which fit breaks no part of the text's names.
func longestPart(text string) int {
	longest := 0
	for _, part := range parts(text) {
		longest = max(longest, Columns(strings.TrimRight(part, " ")))
	}
	return longest
}

// parts cuts a text behind blanks and behind what joins the parts of a name.
func parts(text string) []string {
	var out []string
	begin := 0
	for i, r := range text {
		end := i + utf8.RuneLen(r)
		if end >= len(text) || !strings.ContainsRune(" -/,=@_", r) {
			continue
		}
		if next := rune(text[end]); next == ' ' || !unicode.IsSpace(r) && strings.ContainsRune("-/=", next) {
			continue // such as the first of //
		}
		out, begin = append(out, text[begin:end]), end
	}
	return append(out, text[begin:])
}
