package gather

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// mostKnown bounds a file of known hosts, in bytes.
const mostKnown = 32 << 20

// knownHosts remembers the keys of hosts. A host that is not known is taken at its word
// the first time, and has to show the same key from then on.
type knownHosts struct {
	file string
	// strict refuses hosts that the file does not list: it is the user's own.
	strict bool
	log    func(format string, args ...any)
	mu     sync.Mutex
}

// check is asked with the key that a host shows.
func (k *knownHosts) check(e Endpoint, key ssh.PublicKey) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.look(e, key)
	var unknown *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &revoked):
		return problemOf(e, fmt.Sprintf("its key is marked as revoked in %s:%d", revoked.Revoked.Filename, revoked.Revoked.Line), "do not trust this host")
	case !errors.As(err, &unknown):
		return err
	case len(unknown.Want) > 0:
		return k.changed(e, key, unknown.Want)
	case k.strict:
		return problemOf(e, fmt.Sprintf("%s does not list this host, which presents the %s key %s", k.file, key.Type(),
			ssh.FingerprintSHA256(key)),
			fmt.Sprintf("compare the fingerprint with the one on the host's console, and add the host to the file: ssh-keyscan -p %d %s", e.Port, e.Host))
	}
	k.log("%s: its %s key %s is new, and is remembered in %s", e, key.Type(), ssh.FingerprintSHA256(key), k.file)
	return k.remember(e, key)
}

func (k *knownHosts) changed(e Endpoint, key ssh.PublicKey, want []knownhosts.KnownKey) error {
	var places, prints []string
	for _, w := range want {
		places = append(places, fmt.Sprintf("%s:%d", w.Filename, w.Line))
		prints = append(prints, w.Key.Type()+" "+ssh.FingerprintSHA256(w.Key))
	}
	return problemOf(e, fmt.Sprintf("the host presents another key than before: now %s %s, but %s has %s", key.Type(),
		ssh.FingerprintSHA256(key), strings.Join(places, ", "), strings.Join(prints, ", ")),
		"if the machine has been reinstalled since, remove that line and try again; if not, somebody may be intercepting the "+
			"connection: nothing was sent")
}

// look compares a key with the file.
func (k *knownHosts) look(e Endpoint, key ssh.PublicKey) error {
	var files []string
	if info, err := os.Lstat(k.file); err == nil {
		if err := k.mine(info); err != nil {
			return err
		}
		files = []string{k.file}
	} else if !errors.Is(err, fs.ErrNotExist) || k.strict {
		return fileProblem(k.file, "the known hosts cannot be read", err)
	}
	callback, err := knownhosts.New(files...)
	if err != nil {
		return diag.Problem{
			Position: diag.Position{File: k.file},
			Detail:   "the known hosts cannot be read: " + strings.TrimPrefix(err.Error(), "knownhosts: "),
			Hint:     "correct or remove the named line",
		}
	}
	return callback(e.address(), nowhere{}, key)
}

// mine refuses a file of ours into which somebody else could have written the key of a
// host of theirs. The user's own is theirs to answer for, as long as it is a file.
func (k *knownHosts) mine(info fs.FileInfo) error {
	if k.strict {
		if info, err := os.Stat(k.file); err == nil && (!info.Mode().IsRegular() || info.Size() > mostKnown) {
			return diag.Problem{
				Position: diag.Position{File: k.file},
				Detail:   "this is not a known_hosts file",
				Hint:     "give one such as ~/.ssh/known_hosts",
			}
		}
		return nil
	}
	if err := system.Own(k.file, info); err != nil {
		return diag.Problem{
			Position: diag.Position{File: k.file},
			Detail:   "the keys in it are not trusted: " + err.Error(),
			Hint:     "find out what it is, and move it away",
		}
	}
	return nil
}

// nowhere stands for the address behind a name: only the name is compared.
type nowhere struct{}

func (nowhere) Network() string { return "tcp" }
func (nowhere) String() string  { return "0.0.0.0:0" }

var _ net.Addr = nowhere{}

// algorithms are those of the keys that are known of a host, so that it shows one of
// them and not a key of another kind; nil if none is known.
func (k *knownHosts) algorithms(e Endpoint) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	probe, err := ssh.NewPublicKey(ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)))
	if err != nil {
		return nil
	}
	var unknown *knownhosts.KeyError
	if !errors.As(k.look(e, probe), &unknown) {
		return nil
	}
	var names []string
	for _, w := range unknown.Want {
		add := []string{w.Key.Type()}
		if w.Key.Type() == ssh.KeyAlgoRSA {
			add = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
		}
		for _, name := range add {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// remember adds a line to the file. It is written at once, so that another process
// cannot write into it.
func (k *knownHosts) remember(e Endpoint, key ssh.PublicKey) error {
	f, err := system.Reopen(k.file)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = system.Create(k.file)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return fileProblem(k.file, "the key of "+e.String()+" cannot be remembered", err)
	}
	_, err = f.WriteString(knownhosts.Line([]string{knownhosts.Normalize(e.address())}, key) + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return fileProblem(k.file, "the key of "+e.String()+" cannot be remembered", err)
	}
	return nil
}
