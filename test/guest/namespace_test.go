//go:build e2e

package guest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/okd-project/okd-install/test/needs"
)

// enterNamespace makes the mounts and devices of a guest that shares the kernel of
// this machine, and becomes its systemd. It runs in namespaces of its own.
const enterNamespace = `set -euo pipefail
root=$1
mount --bind "$root" "$root"
cd "$root"
mount -t proc -o nosuid,nodev,noexec none proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
for device in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod --mode=666 "dev/${device%:*}" c 1 "${device#*:}"
done
mknod --mode=666 dev/tty c 5 0
mknod --mode=666 dev/fuse c 10 229
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for i in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${i%:*}" "dev/${i#*:}"; done
touch dev/console
mount --bind "$2" dev/console
# each start is a boot of its own
cat proc/sys/kernel/random/uuid >run/boot-id
mount --bind run/boot-id proc/sys/kernel/random/boot_id
mkdir -p run/old-root
mount --make-rprivate /
pivot_root . run/old-root
exec chroot . /bin/bash -c 'mount --make-rshared / && umount -l /run/old-root && mount --make-rshared / && exec env -i container=okd-test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin TERM=dumb /sbin/init systemd.show_status=true' </dev/null >>"/dev/null" 2>&1
`

// startNamespace runs the root with a systemd of its own in namespaces of this
// machine's kernel: processes, mounts, network, names and control groups. Like a
// machine it starts again when its systemd asks for a reboot.
func (m *machine) startNamespace(root string) {
	m.t.Helper()
	group := newGroup(m.t)
	onInterrupt(func() { removeGroup(group) })
	ended := make(chan struct{})
	m.ended = ended
	stop := make(chan struct{})
	init := make(chan int, 100)
	go func() {
		defer close(ended)
		for {
			pid, again := m.runNamespace(root, group, init, stop)
			select {
			case <-stop:
				return
			default:
			}
			if !again {
				m.t.Logf("process %d, the guest's systemd, has ended", pid)
				return
			}
		}
	}()
	m.t.Cleanup(func() {
		close(stop)
		<-ended
		removeGroup(group)
	})
	pid := 0
	m.dial = func(port int) (net.Conn, error) {
		for {
			select {
			case pid = <-init:
				continue
			default:
			}
			break
		}
		if pid == 0 {
			return nil, errors.New("the guest has not started")
		}
		return dialFrom(pid, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	}
}

// runNamespace runs the guest once; the second result tells that it wants to be
// started again.
func (m *machine) runNamespace(root, group string, init chan<- int, stop <-chan struct{}) (pid int, again bool) {
	terminal, name, err := newTerminal(m.console)
	if err != nil {
		m.t.Error(err)
		return 0, false
	}
	defer terminal.Close()
	enter := exec.Command("bash", "-c", `echo $$ >"$0/cgroup.procs" && exec unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child --propagation private bash -c "$1" enter "$2" "$3"`,
		group, enterNamespace, root, name)
	enter.Stdout, enter.Stderr = testWriter{m.t}, testWriter{m.t}
	// the guest must not outlive a test that is killed; the signal comes when this thread ends
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	enter.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := enter.Start(); err != nil {
		m.t.Error(err)
		return 0, false
	}
	done := make(chan struct{})
	go func() {
		// unshare has one child, the first process of the guest
		for range 1500 { // on a busy machine it takes seconds
			raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", enter.Process.Pid, enter.Process.Pid))
			if child, err := strconv.Atoi(strings.TrimSpace(string(raw))); err == nil {
				if m.wire != nil {
					if err := m.wire(child); err != nil {
						m.t.Error(err)
					}
				}
				init <- child
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		select {
		case <-stop:
			_ = enter.Process.Kill()
		case <-done:
		}
	}()
	err = enter.Wait()
	close(done)
	// a reboot ends the first process of a namespace by SIGHUP, which unshare passes on as its own end
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status := exit.Sys().(syscall.WaitStatus)
		again = status.Signaled() && status.Signal() == syscall.SIGHUP || status.ExitStatus() == 128+int(syscall.SIGHUP)
	}
	return enter.Process.Pid, again
}

// newTerminal is a console for the guest: what it prints goes to a file.
func newTerminal(log string) (*os.File, string, error) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		return nil, "", err
	}
	n, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(terminal.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		return nil, "", err
	}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, "", err
	}
	name := fmt.Sprintf("/dev/pts/%d", n)
	// held open, so that the guest may close it
	held, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, "", err
	}
	go func() {
		defer out.Close()
		defer held.Close()
		buffer := make([]byte, 4096)
		for {
			n, err := terminal.Read(buffer)
			if err != nil {
				return
			}
			_, _ = out.Write(buffer[:n])
		}
	}()
	return terminal, name, nil
}

// newGroup is a control group of its own below which the guest has all of its.
func newGroup(t *testing.T) string {
	t.Helper()
	for _, top := range []string{"/sys/fs/cgroup/unified", "/sys/fs/cgroup"} {
		if _, err := os.Stat(top + "/cgroup.procs"); err != nil {
			continue
		}
		name := fmt.Sprintf("okd-test-%d-%s-", os.Getpid(), filepath.Base(t.Name()))
		group, err := os.MkdirTemp(top, name) //nolint:usetesting // the folder is the group
		if err != nil {
			needs.Missing(t, "the guest needs a control group: %v", err)
		}
		return group
	}
	needs.Missing(t, "the guest needs control groups of version 2, which are not mounted in /sys/fs/cgroup")
	return ""
}

func removeGroup(group string) {
	_ = os.WriteFile(group+"/cgroup.kill", []byte("1"), 0)
	for range 50 {
		var groups []string
		_ = filepath.WalkDir(group, func(name string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				groups = append(groups, name)
			}
			return nil
		})
		for i := len(groups) - 1; i >= 0; i-- {
			_ = os.Remove(groups[i])
		}
		if _, err := os.Stat(group); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// dialFrom connects from within the network of a process.
func dialFrom(pid int, protocol, address string) (net.Conn, error) {
	network, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return nil, err
	}
	defer network.Close()
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result)
	go func() {
		// the thread belongs to the other network and is not given back
		runtime.LockOSThread()
		if err := unix.Setns(int(network.Fd()), unix.CLONE_NEWNET); err != nil {
			results <- result{nil, err}
			return
		}
		conn, err := net.DialTimeout(protocol, address, 10*time.Second)
		results <- result{conn, err}
	}()
	r := <-results
	return r.conn, r.err
}
