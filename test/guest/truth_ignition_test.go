//go:build e2e && truth

package guest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newcomerAddress is that of a machine that boots for the first time.
const newcomerAddress = "10.0.2.30"

// newcomer is a machine that boots for the first time, with an address of its own, as far
// as Ignition's engine goes: it has a pointer config, a DNS server and nothing else.
type newcomer struct {
	// pid is a process on the machine's network.
	pid int
	// ignition is the engine of its boot image.
	ignition string
	// dir is where the engine has what it keeps from one stage to the next.
	dir string
}

func newNewcomer(t *testing.T, n *network, engine string) newcomer {
	t.Helper()
	machine := exec.Command("unshare", "--net", "bash", "-c", "echo; exec cat")
	input, err := machine.StdinPipe() // it ends with this process
	must(t, err)
	up, err := machine.StdoutPipe()
	must(t, err)
	must(t, machine.Start())
	t.Cleanup(func() { input.Close(); _ = machine.Wait() })
	_, err = up.Read(make([]byte, 1)) // it is on a network of its own by now
	must(t, err)
	c := newcomer{pid: machine.Process.Pid, dir: t.TempDir()}
	must(t, n.wire(c.pid))
	run(t, "", "nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", c.pid), "bash", "-euc",
		"ip link set lo up; ip address add "+newcomerAddress+"/24 dev truth0; ip link set truth0 up")
	must(t, os.Chmod(c.dir, 0o700))
	c.ignition = filepath.Join(c.dir, "ignition")
	must(t, os.Symlink(engine, c.ignition)) // it is another program by this name
	for name, text := range map[string]string{
		"hosts": "127.0.0.1 localhost\n", "nsswitch.conf": "hosts: files dns\n", "resolv.conf": "nameserver " + dnsServer + "\n",
	} {
		write(t, filepath.Join(c.dir, name), []byte(text), 0o644)
	}
	return c
}

// onNewcomer runs a program with the network of a process, and DNS as in a folder.
const onNewcomer = `for name in hosts nsswitch.conf resolv.conf; do
    if [[ -e /etc/${name} ]]; then mount --bind "$0/${name}" "$(realpath "/etc/${name}")"; fi
done
process=$1; shift
exec nsenter --net="/proc/${process}/ns/net" "$@"`

// errPatience says that the engine would have gone on trying.
var errPatience = errors.New("goes on trying")

// stage runs a stage of the engine, and ends it when patience does.
func (n newcomer) stage(t *testing.T, name, root, config string, patience time.Duration) (said string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stage := exec.CommandContext(ctx, "unshare", "--mount", "--propagation", "private", "bash", "-euc", onNewcomer, n.dir, fmt.Sprint(n.pid),
		n.ignition, "--stage="+name, "--platform=file", "--root="+root, "--log-to-stdout",
		"--config-cache="+n.config(), "--state-file="+filepath.Join(n.dir, "state"), "--neednet="+filepath.Join(n.dir, "neednet"))
	stage.Env = append(os.Environ(), "IGNITION_CONFIG_FILE="+config)
	stage.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := stage.CombinedOutput()
	if ctx.Err() != nil {
		err = errPatience
	}
	return string(out), err
}

// config is where the engine leaves what it has fetched and merged.
func (n newcomer) config() string { return filepath.Join(n.dir, "config.json") }

// fetch does what the initramfs does: without a network first, and with it when the
// engine has asked for it.
func (n newcomer) fetch(t *testing.T, config string, patience time.Duration) (said string, err error) {
	t.Helper()
	for _, name := range []string{n.config(), filepath.Join(n.dir, "state"), filepath.Join(n.dir, "neednet")} {
		must(t, os.RemoveAll(name)) // each fetch is that of a first boot
	}
	if said, err := n.stage(t, "fetch-offline", t.TempDir(), config, time.Minute); err != nil {
		t.Fatalf("Ignition does not read %s: %v\n%s", config, err, tail(said, 10))
	}
	if _, err := os.Stat(filepath.Join(n.dir, "neednet")); err != nil {
		t.Errorf("Ignition does not ask for a network: %v", err)
	}
	return n.stage(t, "fetch", t.TempDir(), config, patience)
}

// fetchesNothing wants the engine to go on trying, or to give up, for a reason.
func (n newcomer) fetchesNothing(t *testing.T, config, reason string, wantErr error) {
	t.Helper()
	said, err := n.fetch(t, config, 5*time.Second)
	switch {
	case err == nil:
		t.Errorf("Ignition fetches a config that it should not, want %q:\n%s", reason, tail(said, 10))
	case (wantErr != nil) != errors.Is(err, errPatience):
		t.Errorf("Ignition ends with %v, want %v:\n%s", err, wantErr, tail(said, 10))
	case !strings.Contains(said, reason):
		t.Errorf("Ignition does not say %q:\n%s", reason, tail(said, 10))
	}
	if _, err := os.Stat(n.config()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Ignition has kept a config: %v", err)
	}
}

// marks tells for each file and link of a root when it was last changed, and how.
func marks(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	must(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		s := info.Sys().(*syscall.Stat_t)
		found[name[len(root):]] = fmt.Sprint(info.Mode(), s.Ino, s.Uid, s.Gid, info.Size(), s.Ctim)
		return nil
	}))
	return found
}

// changed lists the files and links that are not as before.
func changed(before, after map[string]string) (names []string) {
	for name, mark := range after {
		if before[name] != mark {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
