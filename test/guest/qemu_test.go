//go:build e2e

package guest

import (
	"fmt"
	"net"
	"os/exec"
	"testing"
	"time"
)

// startQEMU boots a virtual machine with the kernel of its root.
func (m *machine) startQEMU(root, kind string) {
	m.t.Helper()
	kernel, initrd := only(m.t, root+"/boot/vmlinuz-*"), only(m.t, root+"/boot/initrd.img-*")
	image := disk(m.t, root)
	accel, cpu := "kvm", "host"
	if kind == emulated {
		// QEMU 7.2 spoils the flags after cmpxchg16b, at which Linux stops
		accel, cpu = "tcg", "max,-cx16"
	}
	ports := map[int]int{22: freePort(m.t), registryPort: freePort(m.t)}
	qemu := exec.Command("qemu-system-x86_64",
		"-accel", accel, "-cpu", cpu, "-machine", "q35", "-m", "2048", "-smp", "2", "-nodefaults", "-no-user-config", "-display", "none",
		"-kernel", kernel, "-initrd", initrd,
		"-append", "root=/dev/vda rw console=ttyS0 net.ifnames=0 panic=-1",
		"-drive", "if=virtio,format=raw,cache=unsafe,file="+image,
		"-netdev", fmt.Sprintf("user,id=n,restrict=on,hostfwd=tcp:127.0.0.1:%d-:22,hostfwd=tcp:127.0.0.1:%d-:%d", ports[22], ports[registryPort], registryPort),
		"-device", "virtio-net-pci,netdev=n", "-device", "virtio-rng-pci",
		"-serial", "file:"+m.console)
	qemu.Stdout, qemu.Stderr = testWriter{m.t}, testWriter{m.t}
	must(m.t, qemu.Start())
	ended := make(chan struct{})
	m.ended = ended
	go func() { _ = qemu.Wait(); close(ended) }()
	m.t.Cleanup(func() {
		_ = qemu.Process.Kill()
		<-ended
	})
	m.dial = func(port int) (net.Conn, error) {
		return net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", ports[port]), 10*time.Second)
	}
}

// testWriter has the log of the test say what a program says.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p)
	return len(p), nil
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
