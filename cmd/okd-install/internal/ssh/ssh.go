// Package ssh has the flags of the commands that log in on machines, and what they log
// in with.
package ssh

import (
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/gather"
	"github.com/okd-project/okd-install/pkg/system"
)

// Options are the flags of everything that logs in on machines.
type Options struct {
	keys       []string
	knownHosts string
	timeout    time.Duration
}

// AddFlags adds the flags.
func (s *Options) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&s.keys, "key", nil, "private key to log in with; may be given several times")
	f.StringVar(&s.knownHosts, "known-hosts", "", "file with the keys of the hosts; those that it does not list are refused")
	f.DurationVar(&s.timeout, "timeout", 30*time.Second, "how long a machine may be silent before it is given up")
}

// Access gathers what there is to log in with: the key of the asset directory, keys
// of the user, the agent.
func (s Options) Access(a *cli.App, jump string) (*gather.Access, error) {
	access := &gather.Access{
		AgentSocket: a.Getenv("SSH_AUTH_SOCK"), Timeout: s.timeout, Log: a.Log, Dial: a.DialSSH,
		KnownHosts: filepath.Join(a.Dir, gather.KnownHostsFile),
	}
	if s.knownHosts != "" {
		access.KnownHosts, access.Strict = s.knownHosts, true
	}
	var problems diag.Problems
	if s.timeout < time.Second {
		problems = append(problems, diag.Problem{
			Detail: "--timeout: less than a second is too short for any machine",
			Hint:   "use a time such as 30s or 2m",
		})
	}
	if jump != "" {
		for text := range strings.SplitSeq(jump, ",") {
			e, err := gather.ParseEndpoint(text)
			problems = AddProblem(problems, "--jump", err)
			access.Jump = append(access.Jump, e)
		}
	}
	made, err := asset.BootstrapKey(a.Dir)
	if err != nil {
		return nil, err
	}
	if made != nil {
		access.Keys = append(access.Keys, gather.Key{Name: "the key that was made for the bootstrap host", PEM: made})
	}
	for _, name := range s.keys {
		pem, err := a.ReadUpTo(name, cli.MaxText)
		if err != nil {
			problems = append(problems, diag.Problem{
				Detail: "--key " + name + ": the file cannot be read: " + system.Reason(err),
				Hint:   "name the file of a private key, such as ~/.ssh/id_ed25519",
			})
		}
		access.Keys = append(access.Keys, gather.Key{Name: name, PEM: pem})
	}
	if len(s.keys) == 0 && access.AgentSocket == "" {
		access.Keys = append(access.Keys, usualKeys(a)...)
	}
	return access, problems.Err()
}

// AddProblem names the flag that a problem is about.
func AddProblem(problems diag.Problems, flag string, err error) diag.Problems {
	var p diag.Problem
	if errors.As(err, &p) {
		p.Detail = flag + ": " + p.Detail
		return append(problems, p)
	}
	return problems
}

// usualKeys are those that ssh itself would try.
func usualKeys(a *cli.App) []gather.Key {
	var keys []gather.Key
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		name = filepath.Join(a.Getenv("HOME"), ".ssh", name)
		if pem, err := a.ReadUpTo(name, cli.MaxText); err == nil {
			keys = append(keys, gather.Key{Name: name, PEM: pem, Found: true})
		}
	}
	return keys
}
