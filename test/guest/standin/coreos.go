package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/okd-project/okd-install/test/bootkube"
)

// rpm answers whether the system has the client of the cluster.
func rpm(args []string) error {
	if !slices.Equal(args, []string{"--query", "openshift-clients"}) {
		return fmt.Errorf("the stand-in cannot do that: %v", args)
	}
	if _, err := os.Stat("/usr/bin/oc"); err != nil {
		return errors.New("package openshift-clients is not installed")
	}
	fmt.Println("openshift-clients-4.22.0")
	return nil
}

// realOSTree is ostree itself; Debian builds it without the commands that read
// images from registries, and this system was not deployed by it.
const realOSTree = "/usr/bin/ostree.real"

func ostree(args []string) error {
	switch {
	case len(args) > 3 && slices.Equal(args[:3], []string{"container", "image", "pull"}):
		return pullNodeImage(args[3:])
	case slices.Equal(args, []string{"admin", "config-diff"}):
		return configDiff()
	}
	return syscall.Exec(realOSTree, append([]string{"ostree"}, args...), os.Environ())
}

func command(words ...string) (string, error) {
	cmd := exec.Command(words[0], words[1:]...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(words, " "), err)
	}
	return strings.TrimSpace(out.String()), nil
}

// pullNodeImage has podman fetch the image, and commits it on top of the booted
// system: on CoreOS, the image itself brings the whole of /usr.
func pullNodeImage(args []string) error {
	if len(args) != 4 || args[0] != "--authfile" {
		return fmt.Errorf("the stand-in cannot do that: %v", args)
	}
	authfile, repo := args[1], args[2]
	image, ok := strings.CutPrefix(args[3], "ostree-unverified-image:docker://")
	if !ok {
		return fmt.Errorf("%s is not an image of a registry", args[3])
	}
	if _, err := command("podman", "pull", "--quiet", "--authfile", authfile, image); err != nil {
		return err
	}
	mounted, err := command("podman", "image", "mount", image)
	if err != nil {
		return err
	}
	defer func() { _, _ = command("podman", "image", "unmount", image) }()
	// on the same file system as /usr, so that it is linked and not copied
	tree, err := os.MkdirTemp("/var/tmp", "node-image")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tree) }()
	if err := os.MkdirAll(filepath.Dir(repo), 0o755); err != nil {
		return err
	}
	if _, err := command("cp", "--archive", "--link", "/usr", tree+"/usr"); err != nil {
		return err
	}
	if _, err := command("cp", "--archive", "--remove-destination", mounted+"/usr/.", tree+"/usr/"); err != nil {
		return err
	}
	// a disk of CoreOS comes with it
	if _, err := command(realOSTree, "init", "--repo="+repo, "--mode=bare"); err != nil {
		return err
	}
	ref := refOf(image)
	_, err = command(realOSTree, "commit", "--repo="+repo, "--branch="+ref, "--tree=dir="+tree)
	return err
}

// refOf is where ostree keeps an image. Written again from what is known of
// ostree-rs-ext, beside the one of the scripts, so that they can differ.
func refOf(image string) string {
	spec := "docker://" + image
	alphanumeric := func(b byte) bool {
		return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
	}
	ref := "ostree/container/image/"
	for i := range len(spec) {
		switch b := spec[i]; {
		case alphanumeric(b) || b == '-':
			ref += string(b)
		case b == '/' && i > 0 && alphanumeric(spec[i-1]) && i+1 < len(spec):
			ref += "/"
		case b == '_':
			ref += "__"
		default:
			ref += fmt.Sprintf("_%02X_", b)
		}
	}
	return ref
}

// configDiff compares the /etc of the system with what it came with. On a live medium
// the first is not where it runs from.
func configDiff() error {
	const theirs = "/usr/etc"
	ours := "/etc"
	if _, err := os.Stat("/run/ostree-live"); err == nil {
		deployments, _ := filepath.Glob("/ostree/deploy/*/deploy/*/etc")
		if len(deployments) != 1 {
			return fmt.Errorf("the deployments are %v", deployments)
		}
		ours = deployments[0]
	}
	seen := map[string]bool{}
	err := filepath.WalkDir(ours, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(ours, name)
		seen[rel] = true
		switch same, exists := sameFile(name, filepath.Join(theirs, rel), d); {
		case rel == ".":
		case !exists:
			fmt.Println("A   ", rel)
			if d.IsDir() {
				return fs.SkipDir
			}
		case !same:
			fmt.Println("M   ", rel)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return filepath.WalkDir(theirs, func(name string, _ fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(theirs, name)
		if _, gone := os.Lstat(filepath.Join(ours, rel)); err == nil && gone != nil && !seen[rel] {
			fmt.Println("D   ", rel)
		}
		return err
	})
}

func sameFile(a, b string, d fs.DirEntry) (same, exists bool) {
	other, err := os.Lstat(b)
	if err != nil {
		return false, false
	}
	switch {
	case d.Type() != other.Mode().Type():
		return false, true
	case d.IsDir():
		return true, true
	case d.Type()&fs.ModeSymlink != 0:
		x, _ := os.Readlink(a)
		y, _ := os.Readlink(b)
		return x == y, true
	}
	x, errX := os.ReadFile(a)
	y, errY := os.ReadFile(b)
	return errX == nil && errY == nil && bytes.Equal(x, y), true
}

// rpmOSTree deploys the node image, which here means to put its files into the
// system at once, and tells its state to whoever makes a log bundle.
func rpmOSTree(args []string) error {
	if len(args) == 3 && args[0] == "rebase" {
		image, ok := strings.CutPrefix(args[2], "ostree-unverified-registry:")
		if !ok || args[1] != "--experimental" {
			return fmt.Errorf("the stand-in cannot do that: %v", args)
		}
		if _, err := os.Stat("/run/ostree/auth.json"); err != nil {
			bootkube.Complain("rpm-ostree", "has no pull secret: %v", err)
		}
		return deploy(image)
	}
	fmt.Println("State: idle")
	return nil
}

func deploy(image string) error {
	mounted, err := command("podman", "image", "mount", image)
	if err != nil {
		return err
	}
	for from, to := range map[string]string{"/usr/bin/.": "/usr/bin/", "/usr/lib/systemd/system/.": "/usr/lib/systemd/system/"} {
		if _, err := command("cp", "--archive", "--remove-destination", mounted+from, to); err != nil {
			return err
		}
	}
	if _, err := command("podman", "image", "unmount", image); err != nil {
		return err
	}
	return os.WriteFile("/etc/os-release", []byte("ID=\"centos\"\nVARIANT_ID=coreos\n"), 0o644)
}
