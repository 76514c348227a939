//go:build e2e

package apiserver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The programs that are built, by the names of their files.
var programs = map[string]string{
	"kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
	"etcd":           "go.etcd.io/etcd/server/v3",
	"csrsigner":      "./csrsigner",
}

// build makes the programs, once for each content of go.sum, of our own one, and Go.
var build = sync.OnceValues(func() (string, error) {
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	version, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		return "", fmt.Errorf("go is needed to build the servers: %w", err)
	}
	own, err := os.ReadFile(filepath.Join("csrsigner", "main.go"))
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(slices.Concat(sums, own, version))
	dir := filepath.Join(cache, "okd-install-test", "apiserver-"+hex.EncodeToString(hash[:6]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for name, pkg := range programs {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err == nil {
			continue
		}
		began := time.Now()
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "csrsigner", "-ldflags", "-s -w", "-o", file+".new", pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s cannot be built: %w\n%s", pkg, err, tail(out, 4000))
		}
		if err := os.Rename(file+".new", file); err != nil {
			return "", err
		}
		fmt.Fprintf(os.Stderr, "built %s in %s\n", pkg, time.Since(began).Round(time.Second))
	}
	return dir, nil
})

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// server is one program that runs in the background.
type server struct {
	cmd *exec.Cmd
	log *bytes.Buffer
}

func start(t *testing.T, name string, args ...string) *server {
	t.Helper()
	dir, err := build()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("kube-apiserver, etcd and the signer are needed, and Go with its module proxy to build them: ", err)
	} else if err != nil {
		t.Fatal(err)
	}
	s := &server{cmd: exec.Command(filepath.Join(dir, name), args...), log: &bytes.Buffer{}}
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("the last words of %s:\n%s", name, tail(s.log.Bytes(), 3000))
		}
	})
	return s
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// freePort is a port of the loopback that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// controlPlane is an API server with its etcd, made of a bootstrap.ign.
type controlPlane struct {
	t *testing.T
	// assets is the directory that okd-install made, host the files below
	// /opt/openshift of its bootstrap.ign.
	assets, host string
	port         string
	// aggregator is the certificate that extension API servers are shown, and
	// aggregatorCA what they are told to trust. bootstrap.ign has two of each.
	aggregator, aggregatorCA string
	args                     []string
	api                      *server
	admin                    *client
}

// newControlPlane makes a cluster's files with okd-install and starts its API
// server as the bootstrap host would: the same files at the same flags.
func newControlPlane(t *testing.T, aggregator, aggregatorCA, config string, create ...string) *controlPlane {
	t.Helper()
	c := &controlPlane{t: t, aggregator: aggregator, aggregatorCA: aggregatorCA, assets: makeAssets(t, config, create...), port: freePort(t)}
	c.host = unpack(t, filepath.Join(c.assets, "bootstrap.ign"))
	etcd, peer := "http://127.0.0.1:"+freePort(t), "http://127.0.0.1:"+freePort(t)
	start(t, "etcd", "--data-dir", t.TempDir(), "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer,
		"--unsafe-no-fsync", "--log-level", "error")
	tls := func(name string) string { return filepath.Join(c.host, "tls", name) }
	c.args = []string{
		"--secure-port=" + c.port, "--bind-address=127.0.0.1", "--etcd-servers=" + etcd, "--cert-dir=" + t.TempDir(),
		"--authorization-mode=Node,RBAC", "--allow-privileged", "--profiling=false", "--disable-admission-plugins=ServiceAccount",
		"--service-cluster-ip-range=172.30.0.0/16", "--endpoint-reconciler-type=none", "--watch-cache=true",
		"--client-ca-file=" + tls("kube-apiserver-complete-client-ca-bundle.crt"),
		"--tls-cert-file=" + tls("kube-apiserver-service-network-server.crt"),
		"--tls-private-key-file=" + tls("kube-apiserver-service-network-server.key"),
		"--kubelet-certificate-authority=" + tls("kubelet-serving-ca-bundle.crt"),
		"--kubelet-client-certificate=" + tls("kube-apiserver-to-kubelet-client.crt"),
		"--kubelet-client-key=" + tls("kube-apiserver-to-kubelet-client.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--requestheader-client-ca-file=" + tls(c.aggregatorCA+".crt"), "--requestheader-allowed-names=system:kube-apiserver-proxy,system:openshift-aggregator",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + tls(c.aggregator+".crt"), "--proxy-client-key-file=" + tls(c.aggregator+".key"),
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=" + tls("service-account.pub"),
		"--service-account-signing-key-file=" + tls("service-account.key"),
	}
	for _, name := range []string{"localhost", "lb", "internal-lb"} {
		pair := "kube-apiserver-" + name + "-server"
		c.args = append(c.args, fmt.Sprintf("--tls-sni-cert-key=%s,%s", tls(pair+".crt"), tls(pair+".key")))
	}
	c.admin = newClient(t, filepath.Join(c.assets, "auth", "kubeconfig"), c.port)
	c.start()
	// the controller manager of the bootstrap host logs in and signs with these
	start(t, "csrsigner", "--kubeconfig="+filepath.Join(c.host, "auth", "kubeconfig-loopback"), "--master=https://localhost:"+c.port,
		"--cluster-signing-cert-file="+tls("kubelet-signer.crt"), "--cluster-signing-key-file="+tls("kubelet-signer.key"))
	return c
}

// start starts the API server, or starts it again.
func (c *controlPlane) start() {
	c.t.Helper()
	c.api = start(c.t, "kube-apiserver", c.args...)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // on a busy machine; it takes a few seconds
	defer cancel()
	for {
		if code, _ := c.admin.try("GET", "/readyz", nil); code == 200 {
			return
		}
		select {
		case <-ctx.Done():
			c.t.Fatal("the API server is not ready after three minutes")
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// okd runs okd-install against this cluster, and returns its code and output.
func (c *controlPlane) okd(args ...string) (code int, stdout, stderr string) {
	c.t.Helper()
	return okd(c.t, append(args, "--dir", c.assets, "--api-address", "127.0.0.1:"+c.port)...)
}

func okd(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	cmd := exec.Command(os.Getenv("OKD_INSTALL"), args...)
	cmd.Stdout, cmd.Stderr = &out, &err
	if e := cmd.Run(); e != nil && cmd.ProcessState == nil {
		t.Fatal(e)
	}
	t.Logf("okd-install %s: %d\n%s%s", strings.Join(args, " "), cmd.ProcessState.ExitCode(), out.String(), err.String())
	return cmd.ProcessState.ExitCode(), out.String(), err.String()
}
