package rhcos

import (
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// BootImage is what can be told about an image from its name.
type BootImage struct {
	OS OS `json:"os"`
	// Major is the version of Fedora, or of CentOS Stream; 0 if it is not known.
	Major int `json:"major,omitempty"`
	// Build is the ID, and Date its day as YYYYMMDD; empty if they are not known.
	Build string `json:"build,omitempty"`
	Date  string `json:"date,omitempty"`
	// Architecture is empty if the name does not tell.
	Architecture string `json:"architecture,omitempty"`
}

// String is the image as people say it.
func (i BootImage) String() string {
	switch {
	case i.Build != "":
		return i.OS.Title() + ", build " + i.Build
	case i.OS == FCOS && i.Major > 0:
		return fmt.Sprintf("%s %d", i.OS.Title(), i.Major)
	default:
		return i.OS.Title()
	}
}

// The ways in which builds are numbered: 39.20231101.3.0 by Fedora, 10.0.20251103-0
// and, in a release, 417.9.202412022032-0 by CentOS Stream CoreOS.
const (
	fedoraID = `(\d+)\.(\d{8})\.\d+\.\d+`
	streamID = `(?:4\d\d\.)?(9|10)\.(?:0\.)?(\d{8})(?:\d{4})?-\d+`
)

// scosAny is CentOS Stream CoreOS before its version is known.
const scosAny OS = "scos"

type product struct {
	os       OS
	prefixes []string
	id       string
}

// products are what a name begins with, and what follows if it names a build.
var products = []product{
	{FCOS, []string{"fedora-coreos", "fcos"}, fedoraID},
	{scosAny, []string{"scos", "centos-stream-coreos"}, streamID},
	{RHCOS, []string{"rhcos", "rhel-coreos"}, `()()[\d.]+-\d+`},
}

// Identify tells what an image is from how a user names it: a stream, a build,
// the URL or name of a file, the label of an ISO, or a system and its version
// such as fcos-42. The error is a diag.Problem.
func Identify(c Catalogue, name string) (BootImage, error) {
	word := strings.ToLower(path.Base(strings.TrimSpace(strings.ReplaceAll(name, `\`, "/"))))
	word, _, _ = strings.Cut(word, "?")
	stream := word
	if other, ok := otherNames[word]; ok {
		stream = other
	}
	for i := len(c.builds) - 1; i >= 0; i-- {
		if b := c.builds[i]; b.ID == word || b.Stream.Stream == stream {
			return identifyID(b.ID), nil
		}
	}
	for _, p := range products {
		for _, prefix := range p.prefixes {
			if rest, ok := strings.CutPrefix(word, prefix); ok && (rest == "" || strings.ContainsAny(rest[:1], "-._ ")) {
				return p.read(rest, name)
			}
		}
	}
	if i := identifyID(word); i.OS != "" {
		return i, nil
	}
	return BootImage{}, unknownImage(c, name)
}

func unknownImage(c Catalogue, name string) diag.Problem {
	return diag.Problem{
		Detail: fmt.Sprintf("the image %q cannot be identified", name),
		Hint: "give a stream or build, a file such as scos-10.0.20251103-0-live-iso.x86_64.iso, or a system such as fcos-42; " +
			among(name, "streams and builds", c.Names()),
	}
}

// read makes sense of what follows the product in a name.
func (p product) read(rest, name string) (BootImage, error) {
	i := BootImage{OS: p.os, Architecture: architectureIn(rest)}
	rest = strings.TrimLeft(rest, "-._ ")
	if m := matchStart(p.id, rest); m != nil {
		id := identifyID(m[0])
		if p.os == RHCOS {
			id = BootImage{OS: RHCOS, Build: m[0]}
		}
		id.Architecture = i.Architecture
		return id, nil
	}
	digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	i.Major, _ = strconv.Atoi(digits)
	if p.os != scosAny {
		return i, nil
	}
	switch i.Major {
	case 9:
		i.OS = SCOS9
	case 10:
		i.OS = SCOS10
	default:
		return BootImage{}, diag.Problem{
			Detail: fmt.Sprintf("the version of CentOS Stream CoreOS of the image %q cannot be identified", name),
			Hint:   "write scos-9 or scos-10, or give the build, such as 10.0.20251103-0",
		}
	}
	return i, nil
}

// identifyID tells whose build an ID names; the zero BootImage if nobody's.
func identifyID(id string) BootImage {
	if m := matchStart(fedoraID+"$", id); m != nil {
		major, _ := strconv.Atoi(m[1])
		return BootImage{OS: FCOS, Major: major, Build: id, Date: m[2]}
	}
	if m := matchStart(streamID+"$", id); m != nil {
		if m[1] == "9" {
			return BootImage{OS: SCOS9, Major: 9, Build: id, Date: m[2]}
		}
		return BootImage{OS: SCOS10, Major: 10, Build: id, Date: m[2]}
	}
	if m := matchStart(`(?:4\d\d\.\d+\.\d{12}-\d+|(?:9|10)\.\d\.\d{8}-\d+)$`, id); m != nil {
		return BootImage{OS: RHCOS, Build: id}
	}
	return BootImage{}
}

// matchStart matches a pattern at the beginning of a text. It is compiled here,
// so that a start of the program does not pay for it.
func matchStart(pattern, text string) []string {
	return regexp.MustCompile("^(?:" + pattern + ")").FindStringSubmatch(text)
}

func architectureIn(name string) string {
	for _, arch := range []string{"x86_64", "aarch64", "ppc64le", "s390x"} {
		if strings.Contains(name, arch) {
			return arch
		}
	}
	return ""
}

// The primary volume descriptor of an ISO: its place, its mark and its label.
const (
	isoDescriptor = 16 * 2048
	isoMark       = "\x01CD001\x01"
	isoLabel      = 40
)

// ISOLabel reads the label of an ISO, such as fedora-coreos-39.20231101.3.0.
func ISOLabel(iso io.ReaderAt) (string, error) {
	block := make([]byte, isoLabel+32)
	if _, err := iso.ReadAt(block, isoDescriptor); err != nil {
		if !errors.Is(err, io.EOF) {
			return "", err
		}
		return "", diag.Problem{Detail: "this is not an ISO: it ends before the volume descriptor",
			Hint: "give an ISO, or the build that the file belongs to"}
	}
	if string(block[:len(isoMark)]) != isoMark {
		return "", diag.Problem{Detail: "this is not an ISO: it has no volume descriptor",
			Hint: "give an ISO, or the build that the file belongs to"}
	}
	return strings.TrimRight(string(block[isoLabel:]), " \x00"), nil
}
