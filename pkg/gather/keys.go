package gather

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Key is a private key to log in with.
type Key struct {
	// Name is what the user knows it by, such as the name of its file.
	Name string
	PEM  []byte
	// Found says that nobody asked for the key: if it cannot be used, it is left out.
	Found bool
}

// named is a key in use.
type named struct {
	ssh.Signer
	name string
}

// signers reads the keys and asks the agent. All that is wrong with them is said at once.
func (a *Access) signers(ctx context.Context) ([]named, error) {
	var all []named
	var problems, locked diag.Problems
	var inAgent []string // the public keys of those that a passphrase protects
	seen := map[string]bool{}
	add := func(s ssh.Signer, name string) {
		if blob := string(s.PublicKey().Marshal()); !seen[blob] {
			seen[blob] = true
			all = append(all, named{s, name})
		}
	}
	for _, k := range a.Keys {
		signer, err := ssh.ParsePrivateKey(k.PEM)
		var passphrase *ssh.PassphraseMissingError
		switch {
		case err == nil:
			add(signer, k.Name)
		case !k.Found && errors.As(err, &passphrase) && passphrase.PublicKey != nil && a.AgentSocket != "":
			locked = append(locked, keyProblem(k, err))
			inAgent = append(inAgent, string(passphrase.PublicKey.Marshal()))
		case k.Found:
			a.debug("%s is not used: %s", k.Name, keyProblem(k, err).Detail)
		default:
			problems = append(problems, keyProblem(k, err))
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if a.AgentSocket != "" {
		offered, err := agentSigners(ctx, a.AgentSocket, a.Timeout)
		if err != nil {
			a.warn("the SSH agent is not used: %v", err)
		}
		for _, s := range offered {
			add(s, "a key of the agent")
		}
	}
	for i, blob := range inAgent {
		if !seen[blob] {
			problems = append(problems, locked[i])
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, diag.Problem{Detail: "there is no SSH key to log in with",
			Hint: "give a private key with --key, or load one into an SSH agent: ssh-add FILE"}
	}
	return all, nil
}

func keyProblem(k Key, err error) diag.Problem {
	p := diag.Problem{Position: diag.Position{File: k.Name}}
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		p.Detail, p.Hint = "the key is protected by a passphrase", "load it into an SSH agent, which asks for it: ssh-add "+k.Name
	case strings.HasPrefix(string(k.PEM), "ssh-") || strings.HasPrefix(string(k.PEM), "ecdsa-"):
		p.Detail, p.Hint = "this is a public key", "give the private one, "+strings.TrimSuffix(k.Name, ".pub")
	default:
		p.Detail, p.Hint = "this is not an SSH private key", "give a file such as ~/.ssh/id_ed25519"
	}
	return p
}

// agentSigners asks an agent for its keys, and waits no longer for them than for a
// machine. The connection stays open, since each login uses it; how long a signature
// takes is up to whoever has to confirm it, until ctx ends.
func agentSigners(ctx context.Context, socket string, timeout time.Duration) ([]ssh.Signer, error) {
	silent := errors.New("it does not answer")
	conn, err := (&net.Dialer{Timeout: timeout}).DialContext(ctx, "unix", socket)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() || err != nil && ctx.Err() != nil {
		return nil, silent // so many others wait for it that it is not even reached
	}
	if err != nil {
		return nil, fmt.Errorf("SSH_AUTH_SOCK does not lead to an agent (%w)", reason(err))
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(timeout)) // a socket that cannot has none
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		return nil, errors.Join(silent, conn.Close())
	}
	_ = conn.SetDeadline(time.Time{})
	return signers, nil
}

// reason is the innermost error of the network.
func reason(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		err = op.Err
	}
	var inner interface{ Unwrap() error }
	if errors.As(err, &inner) && inner.Unwrap() != nil {
		return inner.Unwrap()
	}
	return err
}
