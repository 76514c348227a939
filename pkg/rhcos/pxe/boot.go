package pxe

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Boot is what a machine loads over the network to run a live system.
type Boot struct {
	// Base is the URL of the folder that the files are in; empty if each has a
	// URL of its own.
	Base string
	// Kernel, Initramfs and RootFS are URLs, or paths below Base. Initrds are
	// further ones, loaded in their order behind Initramfs, such as what Wrap made.
	Kernel, Initramfs, RootFS string
	Initrds                   []string
	// IgnitionURL is where the live system gets its config from; empty if the
	// config is in the initramfs, or there is none.
	IgnitionURL string
	// InstallDevice is the disk to install to without asking, and
	// InstallIgnitionURL where the installer gets the machine's config from.
	InstallDevice, InstallIgnitionURL string
	// Kargs are more kernel arguments.
	Kargs []string
}

// links are the URLs of a Boot, made whole and checked.
type links struct {
	kernel, rootfs string
	initrds        []string
	kargs          []string
}

// IPXE is the script for iPXE. The error is diag.Problems.
func (b Boot) IPXE() ([]byte, error) {
	l, err := b.links(`"'\`+"`#", "iPXE")
	if err != nil {
		return nil, err
	}
	// The names let the kernel of a UEFI machine find its initrds.
	names := make([]string, len(l.initrds))
	var s strings.Builder
	s.WriteString("#!ipxe\n")
	for i := range l.initrds {
		names[i] = "initrd=main"
		if i > 0 {
			names[i] = fmt.Sprintf("initrd=extra%d", i)
		}
	}
	fmt.Fprintf(&s, "kernel %s %s %s\n", l.kernel, strings.Join(names, " "), strings.Join(l.kargs, " "))
	for i, initrd := range l.initrds {
		fmt.Fprintf(&s, "initrd --name %s %s\n", strings.TrimPrefix(names[i], "initrd="), initrd)
	}
	s.WriteString("boot\n")
	return []byte(s.String()), nil
}

// GRUB is a grub.cfg that GRUB finds over the network. The error is
// diag.Problems.
func (b Boot) GRUB() ([]byte, error) {
	l, err := b.links("'", "GRUB")
	if err != nil {
		return nil, err
	}
	var problems diag.Problems
	paths := []string{l.kernel}
	paths = append(paths, l.initrds...)
	for i, u := range paths {
		if paths[i], err = grubPath(u); err != nil {
			problems = append(problems, diag.Problem{Path: u, Detail: err.Error(), Hint: "serve the kernel and the initrds over http or tftp"})
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	for i := range paths {
		paths[i] = quoteGRUB(paths[i])
	}
	kargs := make([]string, len(l.kargs))
	for i, karg := range l.kargs {
		kargs[i] = quoteGRUB(karg)
	}
	return fmt.Appendf(nil, `set timeout=5
set default=0
menuentry 'CoreOS live system' {
    linux %s %s
    initrd %s
}
`, paths[0], strings.Join(kargs, " "), strings.Join(paths[1:], " ")), nil
}

// grubPath is a URL as GRUB names files: (http,server:port)/path.
func grubPath(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "", errors.New("is not a URL")
	}
	if u.Scheme != "http" && u.Scheme != "tftp" {
		return "", fmt.Errorf("GRUB cannot load over %s", u.Scheme)
	}
	if u.User != nil || u.RawQuery != "" {
		return "", errors.New("GRUB accepts neither a user nor a query in a URL")
	}
	return "(" + u.Scheme + "," + u.Host + ")" + u.EscapedPath(), nil
}

// quoteGRUB puts what the shell of GRUB would understand between quotes.
func quoteGRUB(word string) string {
	if strings.ContainsAny(word, " \t\"\\$;&|<>{}*?#()") && !strings.HasPrefix(word, "(http,") && !strings.HasPrefix(word, "(tftp,") {
		return "'" + word + "'"
	}
	return word
}

// links checks everything. No word may hold one of the characters refused, which
// the language of the loader gives a meaning to.
func (b Boot) links(refused, loader string) (links, error) {
	var problems diag.Problems
	complain := func(flag, format string, args ...any) {
		problems = append(problems, diag.Problem{Path: flag, Detail: fmt.Sprintf(format, args...)})
	}
	if strings.ContainsAny(b.Base, "?#") {
		complain("--base-url", "%q has a query or a fragment, so the names of the files cannot be appended", b.Base)
	}
	whole := func(flag, text string, below bool) string {
		if text == "" {
			complain(flag, "is missing")
			return ""
		}
		if below && b.Base != "" && !strings.Contains(text, "://") {
			text = strings.TrimSuffix(b.Base, "/") + "/" + strings.TrimPrefix(path.Clean("/"+text), "/")
		}
		u, err := url.Parse(text)
		switch {
		case err != nil || u.Host == "" || u.Scheme == "":
			complain(flag, "%q is not a URL", text)
			if last := &problems[len(problems)-1]; below && b.Base == "" {
				last.Hint = "write it in full, or give the folder that it is in with --base-url http://…"
			}
		case strings.ContainsAny(text, " "+refused) || strings.Contains(text, "${"):
			complain(flag, "%q holds a character that %s would not take as it is", text, loader)
		case u.User != nil:
			complain(flag, "contains a user name: everyone who can boot from the server could read it")
		}
		return text
	}
	l := links{kernel: whole("--kernel", b.Kernel, true), rootfs: whole("--rootfs", b.RootFS, true)}
	l.initrds = append(l.initrds, whole("--initramfs", b.Initramfs, true))
	for _, initrd := range b.Initrds {
		l.initrds = append(l.initrds, whole("--initrd", initrd, true))
	}
	l.kargs = []string{"coreos.live.rootfs_url=" + l.rootfs, "ignition.firstboot", "ignition.platform.id=metal"}
	if b.IgnitionURL != "" {
		l.kargs = append(l.kargs, "ignition.config.url="+whole("--ignition-url", b.IgnitionURL, false))
	}
	if b.InstallDevice != "" {
		if !strings.HasPrefix(b.InstallDevice, "/dev/") {
			complain("--install-device", "%q is not a device", b.InstallDevice)
		}
		l.kargs = append(l.kargs, "coreos.inst.install_dev="+b.InstallDevice)
	}
	if b.InstallIgnitionURL != "" {
		if b.InstallDevice == "" {
			complain("--install-ignition-url", "has no effect without --install-device")
		}
		l.kargs = append(l.kargs, "coreos.inst.ignition_url="+whole("--install-ignition-url", b.InstallIgnitionURL, false))
	}
	for _, karg := range b.Kargs {
		l.kargs = append(l.kargs, strings.Fields(karg)...)
	}
	for _, karg := range l.kargs {
		if strings.ContainsAny(karg, refused) || strings.Contains(karg, "${") ||
			strings.ContainsFunc(karg, func(r rune) bool { return r < ' ' || r > '~' }) {
			complain("--karg-append", "%q holds a character that %s would not take as it is", karg, loader)
		}
	}
	return l, problems.Err()
}
