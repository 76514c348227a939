package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
)

// The machine of the sessions and examples: an SSH server that any key opens, that
// has the logs of a bootstrap host and of a control plane machine, and that is found
// at every address. The real ones are in test/gather.

// dialMachine connects to it, whatever the address.
func dialMachine(ctx context.Context, network, address string) (net.Conn, error) {
	if strings.HasSuffix(address, ":1") { // nobody listens there
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}
	var d net.Dialer
	return d.DialContext(ctx, network, os.Getenv("TEST_SSH"))
}

// machineAddress starts it when it is first asked for.
var machineAddress = sync.OnceValue(func() string {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		panic(err)
	}
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return &ssh.Permissions{}, nil },
	}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveMachine(conn, config, listener.Addr().String())
		}
	}()
	return listener.Addr().String()
})

func serveMachine(conn net.Conn, config *ssh.ServerConfig, self string) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		if c.ChannelType() == "direct-tcpip" {
			go ssh.DiscardRequests(requests)
			go passOn(channel, self)
			continue
		}
		go func() {
			defer channel.Close()
			for r := range requests {
				var exec struct{ Command string }
				_ = ssh.Unmarshal(r.Payload, &exec)
				_ = r.Reply(r.Type == "exec", nil)
				if r.Type == "exec" {
					code := answer(exec.Command, channel)
					_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{code}))
					return
				}
			}
		}()
	}
}

func passOn(channel ssh.Channel, to string) {
	onward, err := net.Dial("tcp", to)
	if err != nil {
		_ = channel.Close()
		return
	}
	go func() { _, _ = io.Copy(onward, channel); _ = onward.Close() }()
	_, _ = io.Copy(channel, onward)
	_ = channel.Close()
}

// answer does what a command would, and returns its exit code.
func answer(command string, channel io.ReadWriter) uint32 {
	bundle := packed("log-bundle-x/", stoppedBundle)
	switch {
	case strings.HasPrefix(command, "stat"):
		fmt.Fprintf(channel, "%d\n%x  x\n", len(bundle), sha256.Sum256(bundle))
	case strings.HasPrefix(command, "cd /var/log/openshift && tar "):
		_, _ = channel.Write(serviceRecords())
	case strings.HasPrefix(command, "printf"):
		fmt.Fprint(channel, "/home/core")
	case strings.HasPrefix(command, "tail --bytes=+"):
		from, _ := strconv.Atoi(strings.TrimPrefix(strings.Fields(command)[1], "--bytes=+"))
		_, _ = channel.Write(bundle[from-1:])
	case strings.Contains(command, "--id master-"):
		_, _ = io.Copy(io.Discard, channel)
		_, _ = channel.Write(packed("./", map[string]string{"journals/kubelet.log": "Mar 02 08:04:00 m kubelet[1]: started\n"}))
	}
	return 0
}

// stoppedBundle is of a host that could not go on.
var stoppedBundle = map[string]string{
	"gather.log": "collected\n",
	"bootstrap/services/release-image.json": `[
  {"timestamp":"2026-03-02T08:00:00Z","phase":"service start"},
  {"timestamp":"2026-03-02T08:01:00Z","phase":"service end","result":"success"}
]`,
	"bootstrap/services/bootkube.json": `[
  {"timestamp":"2026-03-02T08:02:00Z","phase":"service start"},
  {"timestamp":"2026-03-02T08:03:00Z","phase":"stage start","stage":"kube-apiserver-bootstrap"},
  {"timestamp":"2026-03-02T08:04:00Z","phase":"stage end","stage":"kube-apiserver-bootstrap","result":"failure","errorMessage":"Error: exit status 1"},
  {"timestamp":"2026-03-02T08:04:00Z","phase":"service end","result":"failure"}
]`,
	"bootstrap/journals/bootkube.log": "Mar 02 08:01:00 bootstrap bootkube.sh[1]: pinging container registry quay.io: i/o timeout\n" +
		"Mar 02 08:04:00 bootstrap bootkube.sh[1]: Error: unknown flag: --operand-kubernetes-version\n",
}

// packed makes a compressed archive of files below a folder.
func packed(folder string, files map[string]string) []byte {
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	w := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_ = w.WriteHeader(&tar.Header{Name: folder + name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(files[name]))})
		_, _ = io.WriteString(w, files[name])
	}
	_ = w.Close()
	_ = zipped.Close()
	return b.Bytes()
}

// packBundle packs a folder: pack-bundle folder file
func packBundle(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: pack-bundle folder file")
	}
	found, err := files(args[0])
	if err != nil {
		return err
	}
	texts := map[string]string{}
	for name, data := range found {
		texts[name] = string(data)
	}
	name := strings.TrimSuffix(filepath.Base(args[1]), ".tar.gz")
	return os.WriteFile(args[1], packed(name+"/", texts), 0o600)
}

// sampleBundle puts a log bundle where the documents and examples look for one.
func sampleBundle(t *testing.T, dir string) {
	t.Helper()
	const name = "log-bundle-20260302091500"
	for _, place := range []string{dir, filepath.Join(dir, "mycluster")} {
		if info, err := os.Stat(place); err != nil || !info.IsDir() {
			continue
		}
		if err := os.WriteFile(filepath.Join(place, name+".tar.gz"), packed(name+"/", stoppedBundle), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
