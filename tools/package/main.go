// Command package puts the binaries that `make cross` built into what people
// install: archives for six platforms, deb and rpm packages, an image for
// containers, a list of what is inside (CycloneDX) and checksums.
//
// The same binaries make the same bytes, whoever packs them and whenever: every
// date is that of the commit, every list is sorted. It is a module of its own,
// so that what it needs never shows in okd-install's own list of modules.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// release is what is packed.
type release struct {
	// source is the checkout, dist the folder of the binaries and of the result.
	source, dist string
	// version is as the binaries tell it; number is the same as packages want it.
	version, number string
	// when is the date of everything.
	when time.Time
	// manuals are the manual pages, completions the scripts for shells, by the
	// path below /usr where a package puts them.
	manuals, completions map[string][]byte
	// notices are the licences of what is linked into the binaries.
	notices []byte
}

func main() {
	r := release{}
	epoch := int64(0)
	flag.StringVar(&r.source, "source", "../..", "the checkout")
	flag.StringVar(&r.dist, "dist", "../../dist", "folder with the binaries, and for the packages")
	flag.StringVar(&r.version, "version", "devel", "version of the binaries")
	only := flag.String("only", "", "make one thing only: archives, linux, image or components")
	flag.Int64Var(&epoch, "epoch", 0, "date of all files, in seconds since 1970")
	flag.Parse()
	r.number, r.when = number(r.version), time.Unix(epoch, 0).UTC()
	if err := r.pack(*only); err != nil {
		fmt.Fprintln(os.Stderr, "package:", err)
		os.Exit(1)
	}
}

// number is a version that every package format takes. What is no release counts
// as older than all of them.
func number(version string) string {
	if released := regexp.MustCompile(`^v?(\d+\.\d+\.\d+)$`).FindStringSubmatch(version); released != nil {
		return released[1]
	}
	return "0.0.0~git." + strings.Trim(regexp.MustCompile(`[^0-9A-Za-z.]+`).ReplaceAllString(version, "."), ".")
}

func (r *release) pack(only string) error {
	if only != "image" {
		if err := r.generate(); err != nil {
			return err
		}
	}
	if err := r.gatherNotices(); err != nil {
		return err
	}
	var made []string
	for _, step := range []struct {
		name string
		run  func() ([]string, error)
	}{{"archives", r.archives}, {"linux", r.linuxPackages}, {"image", r.image}, {"components", r.components}} {
		if only != "" && only != step.name {
			continue
		}
		files, err := step.run()
		if err != nil {
			return err
		}
		made = append(made, files...)
	}
	return r.checksums(made)
}

// binary is the path of the binary for a platform.
func (r *release) binary(system, arch string) string {
	name := "okd-install-" + system + "-" + arch
	if system == "windows" {
		name += ".exe"
	}
	return filepath.Join(r.dist, name)
}

// generate asks the binary for this machine for its manual pages and completions.
func (r *release) generate() error {
	folder, err := os.MkdirTemp("", "okd-install-package")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	// the name under which it runs is the name in what it writes
	program := filepath.Join(folder, "okd-install")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-X main.linkedVersion="+r.version, "-o", program, "./cmd/okd-install")
	build.Dir, build.Env = r.source, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("the binary for this machine: %w\n%s", err, out)
	}
	pages := filepath.Join(folder, "man")
	man := exec.Command(program, "man", "--directory", pages)
	man.Env = append(os.Environ(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.when.Unix()))
	if out, err := man.CombinedOutput(); err != nil {
		return fmt.Errorf("manual pages: %w\n%s", err, out)
	}
	r.manuals, r.completions = map[string][]byte{}, map[string][]byte{}
	entries, err := os.ReadDir(pages)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if r.manuals["share/man/man1/"+entry.Name()], err = os.ReadFile(filepath.Join(pages, entry.Name())); err != nil {
			return err
		}
	}
	for shell, name := range map[string]string{
		"bash": "share/bash-completion/completions/okd-install", "zsh": "share/zsh/vendor-completions/_okd-install",
		"fish": "share/fish/vendor_completions.d/okd-install.fish",
	} {
		if r.completions[name], err = exec.Command(program, "completion", shell).Output(); err != nil {
			return fmt.Errorf("completion for %s: %w", shell, err)
		}
	}
	return nil
}

// checksums writes the sums of all that was made, as sha256sum reads them.
func (r *release) checksums(files []string) error {
	slices.Sort(files)
	var list strings.Builder
	for _, name := range files {
		raw, err := os.ReadFile(filepath.Join(r.dist, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(raw), name)
	}
	if list.Len() == 0 {
		return errors.New("nothing was packed")
	}
	fmt.Print(list.String())
	return os.WriteFile(filepath.Join(r.dist, "SHA256SUMS"), []byte(list.String()), 0o644)
}
