package rhcos

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the generated parts of docs/boot-media.md")

// TestDocument holds the tables of docs/boot-media.md to the tables here. A part
// begins and ends with a comment that names it; the rest of the page is prose.
func TestDocument(t *testing.T) {
	t.Parallel()
	const page = "../../docs/boot-media.md"
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for name, part := range map[string]string{"releases": releaseTable(t), "rules": ruleTable(), "secure-boot": secureBootTable()} {
		begin := "<!-- begin " + name + ": written by go test ./pkg/rhcos -update -->\n"
		before, rest, ok := strings.Cut(text, begin)
		_, after, ended := strings.Cut(rest, "<!-- end "+name+" -->")
		if !ok || !ended {
			t.Fatalf("%s has no part %s", page, name)
		}
		text = before + begin + "\n" + part + "\n<!-- end " + name + " -->" + after
	}
	switch {
	case text == string(data):
	case *update:
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the tables of %s are not those of the code: go test ./pkg/rhcos -update", page)
	}
}

// releaseTable says what each release line boots, and whether it will.
func releaseTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| OKD | boot image | stream and build | nodes run | CPU | Secure Boot |\n|---|---|---|---|---|---|\n")
	for _, name := range releases(t).Lines() {
		r := line(t, name)
		image := identifyID(r.BootImage.Build)
		cpu := "any of the architecture"
		if Target(r) == SCOS10 {
			cpu = "x86-64-v3 on x86_64"
		}
		fact := SecureBoot(image.OS, Target(r))
		fmt.Fprintf(&b, "| %s | %s | `%s` `%s` | %s | %s | %s |\n", r.Line, image.OS.Title(), r.BootImage.Stream, r.BootImage.Build, Target(r).Title(), cpu, inWords(fact.Verdict))
	}
	return b.String()
}

func inWords(v Verdict) string {
	return map[Verdict]string{Good: "works", Note: "works", Warning: "**may fail**", Refused: "**must be off**"}[v]
}

func ruleTable() string {
	var b strings.Builder
	b.WriteString("| rule | which images | why | what to do |\n|---|---|---|---|\n")
	words := strings.NewReplacer(
		// what reads well with one machine and release in it, and not with all of them
		"OKD {release} was made with {stream} {build}, and this is {image}", "the release was made with another image",
		"{stream} {build}, which OKD {release} was made with", "the image that the release was made with",
		"the image is for {arch}, the machine is {machine}", "the image is for another architecture than the machine",
		"for {machine}: okd-install coreos image --arch {machine}", "for the machine's architecture: okd-install coreos image --arch ARCH",
		"for {machine}", "for this architecture", "on {machine}: its", "on these machines: their",
		"OKD {release} was made with {stream} {build};", "the release was made with an image of its own;", "OKD {release}", "the release",
		"{release}", "the release", "{stream} {build}", "the release's own image", "{image}", "the image", "{target}", "the release's own CentOS Stream CoreOS",
		"{machine}", "the machine's", "{arch}", "another architecture", " (missing here: {missing})", "", "|", `\|`)
	for _, r := range rules {
		way := words.Replace(r.Way)
		if way == "" {
			way = "nothing"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Name, words.Replace(r.When), sentenceOf(words.Replace(r.Reason)), sentenceOf(way))
	}
	return b.String()
}

func sentenceOf(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func secureBootTable() string {
	var b strings.Builder
	b.WriteString("| boot loader of | starts the kernel of | with Secure Boot on | why | what to do |\n|---|---|---|---|---|\n")
	for _, f := range secureBootFacts {
		way := "nothing"
		if f.Way != "" {
			way = f.Way
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n",
			f.Loader.Title(), f.Kernel.Title(), inWords(f.Verdict), sentenceOf(f.Reason), sentenceOf(way))
	}
	return b.String()
}
