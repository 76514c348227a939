package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

var platforms = []struct{ system, arch string }{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

// file is one file of an archive.
type file struct {
	name string
	mode int64
	data []byte
}

// archives are a tar.gz for Linux and macOS and a zip for Windows, each with one
// folder: the binary, the licences, the README, manual pages and completions.
func (r *release) archives() (made []string, err error) {
	for _, p := range platforms {
		folder := fmt.Sprintf("okd-install_%s_%s_%s", r.number, p.system, p.arch)
		files, err := r.contents(p.system, p.arch)
		if err != nil {
			return nil, err
		}
		var packed []byte
		name := folder
		if p.system == "windows" {
			name += ".zip"
			packed, err = r.zip(folder, files)
		} else {
			name += ".tar.gz"
			packed, err = r.tar(folder, files)
		}
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(r.dist, name), packed, 0o644); err != nil {
			return nil, err
		}
		made = append(made, name)
	}
	return made, nil
}

func (r *release) contents(system, arch string) (files []file, err error) {
	program := "okd-install"
	if system == "windows" {
		program += ".exe"
	}
	for _, f := range []struct {
		name, from string
		mode       int64
	}{
		{program, r.binary(system, arch), 0o755}, {"LICENSE", filepath.Join(r.source, "LICENSE"), 0o644},
		{"README.md", filepath.Join(r.source, "README.md"), 0o644},
	} {
		data, err := os.ReadFile(f.from)
		if err != nil {
			return nil, err
		}
		files = append(files, file{f.name, f.mode, data})
	}
	files = append(files, file{noticesName, 0o644, r.notices})
	if system != "windows" {
		for _, more := range []map[string][]byte{r.completions, r.manuals} {
			for _, name := range slices.Sorted(maps.Keys(more)) {
				files = append(files, file{name, 0o644, more[name]})
			}
		}
	}
	return files, nil
}

func (r *release) tar(folder string, files []file) ([]byte, error) {
	var packed bytes.Buffer
	// no name and no date in gzip's own header
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(z)
	known := map[string]bool{}
	for _, f := range files {
		name := folder + "/" + f.name
		for i := range name {
			if name[i] != '/' || known[name[:i]] {
				continue
			}
			known[name[:i]] = true
			if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name[:i+1], Mode: 0o755, ModTime: r.when}); err != nil {
				return nil, err
			}
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: f.mode, Size: int64(len(f.data)), ModTime: r.when}
		if err := t.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := t.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

func (r *release) zip(folder string, files []file) ([]byte, error) {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for _, f := range files {
		header := &zip.FileHeader{Name: folder + "/" + f.name, Method: zip.Deflate, Modified: r.when}
		header.SetMode(os.FileMode(f.mode))
		w, err := z.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(f.name, ".md") || f.name == "LICENSE" || f.name == noticesName {
			f.data = bytes.ReplaceAll(f.data, []byte("\n"), []byte("\r\n"))
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
