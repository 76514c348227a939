package wizard

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/system"
)

// Answers to the questions for a key and a pull secret that are not files.
const (
	newKey       = "generate"
	publicSecret = "public"
)

// newKeyFile is where a key pair that the wizard makes is, in the asset
// directory; the public key has .pub behind it.
const newKeyFile = "ssh-key"

func accessQuestions() []question {
	return []question{
		{
			key: sshKeyKey, label: "SSH key for the machines",
			usage:  "public SSH key, file of one, or generate to have a pair made in the asset directory; can be given several times",
			fields: []string{"sshKey"}, optional: true, takesFile: true,
			preset: func(w *wizard) string {
				if w.prompter == nil {
					return ""
				}
				return sshKeyOptions(w)[0].Value
			},
			options: sshKeyOptions,
			other:   map[string]prompt{"other": {Label: "File of a public key, or the key itself"}},
			read:    readSSHKey,
			put: func(w *wizard, d *installconfig.Draft, value string) {
				for line := range strings.Lines(value) {
					d.SSHKey += strings.TrimRight(w.content(strings.TrimSpace(line)), "\r\n") + "\n"
				}
			},
			then: func(w *wizard) {
				if w.answers[sshKeyKey] == "" {
					w.say("Note: without a key nobody can log in to the machines, also not to see why an installation does not come to its end.")
				}
			},
		},
		{
			key: pullSecretKey, label: "Pull secret", usage: "file of the pull secret; OKD needs none (default public)",
			fields: []string{"pullSecret"}, takesFile: true,
			preset: func(*wizard) string { return publicSecret },
			options: func(*wizard) []option {
				return []option{
					{publicSecret, "OKD's public one: the images of OKD need no other"},
					{"other", "one from a file, with the credentials of a mirror"},
					{"paste", "one that I paste here"},
				}
			},
			other: map[string]prompt{
				"other": {Label: "File of the pull secret"}, "paste": {Label: "Pull secret, on one line (not shown)", Secret: true},
			},
			read: func(w *wizard, answer string) (string, error) {
				if answer == publicSecret || strings.HasPrefix(strings.TrimSpace(answer), "{") {
					return answer, nil
				}
				return readSecretPath(w, answer)
			},
			put: func(w *wizard, d *installconfig.Draft, value string) {
				if d.PullSecret = w.content(value); value == publicSecret {
					d.PullSecret = installconfig.PublicPullSecret
				}
				d.PullSecret = strings.TrimSpace(d.PullSecret)
			},
			secret: func(value string) bool { return strings.HasPrefix(strings.TrimSpace(value), "{") },
		},
	}
}

// sshKeyOptions offers the keys that are on this machine, and what else there is.
func sshKeyOptions(w *wizard) []option {
	var all []option
	for _, path := range w.foundKeys() {
		data, err := w.ReadFile(path, maxAnswer)
		if err != nil {
			continue
		}
		key, comment, _, _, err := ssh.ParseAuthorizedKey(data)
		if err != nil {
			continue
		}
		title := w.short(path) + " (" + strings.TrimPrefix(key.Type(), "ssh-")
		if comment != "" {
			title += ", " + comment
		}
		all = append(all, option{path, diag.Clip(title, 48) + ")"})
	}
	return append(all,
		option{newKey, "a new pair, made in " + w.short(w.Dir)},
		option{"other", "another key"},
		option{noAnswer, "none: nobody can log in"})
}

// foundKeys lists the public keys of the user, and the one that the wizard made.
func (w *wizard) foundKeys() []string {
	var found []string
	if home := w.Home; home != "" {
		found, _ = filepath.Glob(filepath.Join(home, ".ssh", "*.pub")) // the only error is a bad pattern
	}
	own := filepath.Join(w.Dir, newKeyFile+".pub")
	if exists(own) {
		found = slices.Insert(found, 0, own)
	}
	return found
}

// short writes a path below the home directory as people do.
func (w *wizard) short(path string) string {
	home := w.Home
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok && home != "" {
		return filepath.Join("~", rest)
	}
	return path
}

// readSSHKey reads answers of several lines, each a key, a file of one, or the
// wish for a new one.
func readSSHKey(w *wizard, answer string) (string, error) {
	var kept []string
	for line := range strings.Lines(answer) {
		switch line = strings.TrimSpace(line); {
		case line == "" || line == noAnswer:
		case line == newKey:
			path, err := w.makeKey()
			if err != nil {
				return "", err
			}
			kept = append(kept, path)
		case strings.Contains(line, " "):
			kept = append(kept, line)
		default:
			path, err := readPath(w, line)
			if err != nil {
				return "", err
			}
			kept = append(kept, path)
		}
	}
	return strings.Join(kept, "\n"), nil
}

// readSecretPath is readPath for a file of a secret. What is no path at all may be the
// secret itself, and is not repeated.
func readSecretPath(w *wizard, answer string) (string, error) {
	path, err := readPath(w, answer)
	if err != nil && !strings.ContainsAny(answer, `/\.~`) {
		return "", diag.Problem{
			Detail: "is neither a pull secret nor a file that can be read",
			Hint:   "name the file that it is in, such as ./pull-secret.json",
		}
	}
	return path, err
}

// content is what an answer stands for: the content of a file, or the answer itself.
func (w *wizard) content(answer string) string {
	if !filepath.IsAbs(answer) {
		return answer
	}
	data, err := w.ReadFile(answer, maxAnswer)
	if err != nil {
		return answer // it was there a moment ago; that it is no key is said
	}
	return string(data)
}

// makeKey makes a key pair in the asset directory, or takes the one that it made
// there before, and returns the file of the public key.
func (w *wizard) makeKey() (string, error) {
	if err := w.makeDir(); err != nil {
		return "", err
	}
	private, err := filepath.Abs(filepath.Join(w.Dir, newKeyFile))
	if err != nil {
		return "", err
	}
	public := private + ".pub"
	if exists(private) {
		return readPath(w, public)
	}
	if w.old != nil {
		return "", diag.Problem{Detail: "asks for another key pair", Hint: "name the file of a public key"}
	}
	publicKey, privateKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	comment := "core@" + w.answers[clusterNameKey]
	block, err := ssh.MarshalPrivateKey(privateKey, comment)
	if err != nil {
		return "", err
	}
	key, err := ssh.NewPublicKey(publicKey)
	if err != nil {
		return "", err
	}
	line := strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(key)), "\n") + " " + comment + "\n"
	err = errors.Join(
		assetdir.PutNew(w.Dir, newKeyFile, pem.EncodeToMemory(block)),
		assetdir.PutNew(w.Dir, newKeyFile+".pub", []byte(line)),
	)
	if err != nil {
		return "", diag.Problem{
			Detail: "the key pair cannot be written: " + system.Reason(err),
			Hint:   "choose another key, or another directory with --dir",
		}
	}
	w.notes = append(w.notes, "The new private key is "+private+". Keep it: nobody else has it.")
	return public, nil
}
