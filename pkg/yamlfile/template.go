package yamlfile

import "regexp"

// templateIn reports whether a text is, or holds, a place that a template should have
// filled, and how that is written.
func templateIn(text string) (form string, ok bool) {
	for _, t := range templates {
		if t.pattern.MatchString(text) {
			return t.form, true
		}
	}
	return "", false
}

var templates = []struct {
	pattern *regexp.Regexp
	form    string
}{
	{regexp.MustCompile(`\{\{.*\}\}`), "{{ }}"},
	{regexp.MustCompile(`\{%.*%\}`), "{% %}"},
	{regexp.MustCompile(`<%.*%>`), "<% %>"},
	{regexp.MustCompile(`\$\([^)]*\)`), "$( )"},
	{regexp.MustCompile(`\$\{[^}]*\}`), "${ }"},
	{regexp.MustCompile("^`[^`]*`$"), "` `"},
	{regexp.MustCompile(`^\$[A-Za-z_][A-Za-z0-9_]*$`), "$"},
	{regexp.MustCompile(`^%[A-Za-z_][A-Za-z0-9_]*%$`), "% %"},
	{regexp.MustCompile(`^@@?[A-Za-z_][A-Za-z0-9_]*@@?$`), "@ @"},
	{regexp.MustCompile(`^__?[A-Z][A-Z0-9_]*__?$`), "__ __"},
	{regexp.MustCompile(`^<[^<>]*>$`), "< >"},
}

// TemplateHint is the next step after a template that was left in a file.
const TemplateHint = "write the value itself, or fill the template before okd-install reads the file"

// unfilled says that a template was left in.
func unfilled(form string) string {
	if form == "$( )" || form == "` `" {
		return "a shell command (" + form + ") was left in, which only a shell replaces"
	}
	return "a template (" + form + ") was left unfilled"
}

// Unfilled says what is wrong with a text that holds a template; empty if it holds none.
func Unfilled(text string) string {
	if form, ok := templateIn(text); ok {
		return unfilled(form)
	}
	return ""
}
