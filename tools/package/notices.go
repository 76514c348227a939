package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// noticesName is the file with the licences of what is linked into the binaries.
const noticesName = "THIRD_PARTY_NOTICES"

// legal are the names under which modules keep their licences and notices.
var legal = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// module is a module, as go list tells it.
type module struct {
	Path, Version, Dir string
	Main               bool
	Replace            *module
}

// gatherNotices collects the licences and notices of Go's library and of every
// module that is linked into any of the binaries: what lies beside a package and
// above it, up to the folder of its module. A module without a licence is an
// error: nobody may pass it on.
func (r *release) gatherNotices() error {
	texts := map[string]map[string]bool{} // of each module
	for _, p := range platforms {
		if err := r.addNotices(texts, p.system, p.arch); err != nil {
			return err
		}
	}
	where := exec.Command("go", "env", "GOROOT")
	where.Dir = r.source // whose toolchain it is
	root, err := where.Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	const library = "the Go standard library"
	texts[library] = map[string]bool{}
	if err := addLegal(texts[library], strings.TrimSpace(string(root))); err != nil {
		return err
	}
	users := map[string][]string{} // of each text
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if len(texts[name]) == 0 {
			return fmt.Errorf("there is no licence in %s", name)
		}
		for text := range texts[name] {
			users[text] = append(users[text], name)
		}
	}
	var out strings.Builder
	out.WriteString("okd-install is made with what is listed here. Each text holds for the names above it.\n")
	inOrder := slices.SortedFunc(maps.Keys(users), func(a, b string) int {
		if n := slices.Compare(users[a], users[b]); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	for _, text := range inOrder {
		fmt.Fprintf(&out, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 79), strings.Join(users[text], "\n"), text)
	}
	r.notices = []byte(out.String())
	return nil
}

// addNotices adds the texts of the modules in the binary for one platform.
func (r *release) addNotices(texts map[string]map[string]bool, system, arch string) error {
	list := exec.Command("go", "list", "-deps", "-json=Dir,Module", "./cmd/okd-install")
	list.Dir, list.Env = r.source, append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch)
	list.Stderr = os.Stderr
	raw, err := list.Output()
	if err != nil {
		return fmt.Errorf("go list -deps: %w", err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(raw)); ; {
		var pkg struct {
			Dir    string
			Module *module
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("go list -deps: %w", err)
		}
		m := pkg.Module
		if m == nil || m.Main {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		name := m.Path + " " + m.Version
		if texts[name] == nil {
			texts[name] = map[string]bool{}
		}
		for dir := pkg.Dir; ; dir = filepath.Dir(dir) {
			if err := addLegal(texts[name], dir); err != nil {
				return err
			}
			if dir == m.Dir || len(dir) <= len(m.Dir) {
				break
			}
		}
	}
}

// addLegal adds the licences and notices in a folder.
func addLegal(texts map[string]bool, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !legal.MatchString(entry.Name()) || strings.HasSuffix(entry.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		texts[strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n"))] = true
	}
	return nil
}
