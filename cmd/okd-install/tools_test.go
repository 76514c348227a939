package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
)

// The small programs of the sessions.

// runTool runs one of them.
func runTool(f func(args []string) error) int {
	if err := f(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// files reads everything below a directory, by slash path.
func files(dir string) (map[string][]byte, error) {
	found := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		found[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	return found, err
}

func writeBelow(dir, name string, data []byte) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// snapshot copies a directory, to compare it later: snapshot from to
func snapshot(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: snapshot from to")
	}
	found, err := files(args[0])
	if err != nil {
		return err
	}
	if err := os.RemoveAll(args[1]); err != nil {
		return err
	}
	for name, data := range found {
		if err := writeBelow(args[1], name, data); err != nil {
			return err
		}
	}
	return nil
}

// changed lists how files differ between two directories: changed before after.
// The log file always grows, and is left out.
func changed(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: changed before after")
	}
	before, err := files(args[0])
	if err != nil {
		return err
	}
	after, err := files(args[1])
	if err != nil {
		return err
	}
	all := maps.Clone(before)
	maps.Copy(all, after)
	delete(all, cli.LogFile)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		old, was := before[name]
		now, is := after[name]
		switch {
		case !was:
			fmt.Println("added", name)
		case !is:
			fmt.Println("gone", name)
		case !bytes.Equal(old, now):
			fmt.Println("changed", name)
		}
	}
	return nil
}

// modes lists what is in a directory, with modes.
func modes(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: modes dir")
	}
	return filepath.WalkDir(args[0], func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == args[0] {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(args[0], path)
		if err != nil {
			return err
		}
		fmt.Println(info.Mode(), filepath.ToSlash(name))
		return nil
	})
}

// ignitionFiles lists the files in an Ignition config with their modes, or those
// of one folder, prints one of them, or unpacks all:
// ignition-files config [folder/ | path | --into dir]
func ignitionFiles(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: ignition-files config [folder/ | path | --into dir]")
	}
	data, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	config, err := inspect.Read(args[0], data)
	if err != nil {
		return err
	}
	found := false
	for _, f := range config.Entries {
		switch {
		case f.Kind != inspect.File || len(f.Parts) == 0:
		case len(args) == 1, strings.HasSuffix(args[1], "/") && strings.HasPrefix(f.Path, args[1]):
			found = true
			fmt.Printf("%04o %s\n", f.Mode, f.Path)
		case args[1] == "--into":
			found = true
			if err := writeBelow(args[2], strings.TrimPrefix(f.Path, "/"), f.Data()); err != nil {
				return err
			}
		case args[1] == f.Path:
			found = true
			if _, err := os.Stdout.Write(f.Data()); err != nil {
				return err
			}
		}
	}
	if !found {
		return fmt.Errorf("there is no %s in %s", args[1], args[0])
	}
	return nil
}

// makeCA writes a certification authority of the user's own, good for a year
// from TEST_NOW: make-ca certificate key
func makeCA(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: make-ca certificate key")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := testApp().Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "our-own-root", Organization: []string{"Example"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		writeBelow(".", args[0], pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})),
		writeBelow(".", args[1], pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	)
}

// holdLock holds the lock of an asset directory until a file appears:
// hold-lock dir file
func holdLock(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: hold-lock dir file")
	}
	dir, err := assetdir.Open(context.Background(), args[0], assetdir.Opening{Command: "hold-lock"})
	if err != nil {
		return err
	}
	if err := os.WriteFile("held", nil, 0o600); err != nil {
		return err
	}
	for range 2000 {
		if _, err := os.Stat(args[1]); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return dir.Close()
}
