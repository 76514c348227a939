package gather

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Several machines behind one address, as a hypervisor forwards ports to them, are
// several machines.
func TestMachinesBehindOneAddress(t *testing.T) {
	t.Parallel()
	key, public, _ := newKey(t)
	top := "log-bundle-" + id + "/"
	host := newServer(t, public, bootstrapHost(archive(t, file(top+"resources/masters.list", "")), 0))
	var masters []Endpoint
	var want []string
	for _, said := range []string{"the first", "the second"} {
		s := newServer(t, public, func(_ string, stdin io.Reader, out io.Writer) int {
			_, _ = io.Copy(io.Discard, stdin)
			_, _ = out.Write(archive(t, file("./journals/kubelet.log", said)))
			return 0
		})
		masters = append(masters, s.endpoint)
		want = append(want, top+"control-plane/127.0.0.1_"+strconv.Itoa(s.endpoint.Port)+"/journals/kubelet.log "+said)
	}
	dir, l := t.TempDir(), &log{}
	r, err := Bootstrap(t.Context(), Request{Access: newAccess(dir, l, key), Bootstrap: host.endpoint, Masters: masters, Dir: dir, Now: now})
	if err != nil {
		t.Fatal(err, l)
	}
	files := read(t, r.Bundle)
	var got []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.Contains(name, "control-plane/") {
			got = append(got, name+" "+files[name])
		}
	}
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}

	twice := []Endpoint{masters[0], {"root", masters[0].Host, masters[0].Port}}
	_, err = Bootstrap(t.Context(), Request{Access: newAccess(dir, l, key), Bootstrap: host.endpoint, Masters: twice, Dir: dir, Now: now})
	if err == nil || !strings.Contains(err.Error(), "are the same machine") || !strings.Contains(err.Error(), "hint: list it once") {
		t.Errorf("one machine by two names: %v", err)
	}
}

// The names of machines come from the bootstrap host, which may be anybody's by now: none
// leads out of the folder, and none is asked twice.
func TestHostileMasters(t *testing.T) {
	t.Parallel()
	g := &gathering{mastersList: "fe80::1%/../../../x\nfe80::1%..\\x\n-oProxyCommand=x\n192.168.1.20 core@192.168.1.20\nroot@192.168.1.20\n../x\nm-1\n" + strings.Repeat("m-1\n", 30)}
	g.Dir = t.TempDir()
	var got []string
	for _, m := range g.knownMasters() {
		got = append(got, m.String())
		if dir := filepath.Dir(g.path(masterFile(m))); dir != filepath.Join(g.Dir, partialFolder) {
			t.Errorf("%s is fetched to %s", m, dir)
		}
	}
	if want := []string{"192.168.1.20", "m-1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A key with a passphrase can be named if the agent has it, as for ssh itself.
func TestLockedKeyInAgent(t *testing.T) {
	t.Parallel()
	_, raw, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(raw, "", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Skipf("there are no such sockets here: %v", err)
	}
	defer func() { _ = listener.Close() }()
	keyring := agent.NewKeyring()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keyring, conn) }() // ends with the connection
		}
	}()
	prepare := func() ([]named, error) {
		a := newAccess(t.TempDir(), nil, Key{Name: "locked.key", PEM: pem.EncodeToMemory(block)})
		a.AgentSocket = socket
		err := a.prepare(t.Context())
		return a.keys, err
	}
	if _, err := prepare(); err == nil || !strings.Contains(err.Error(), "locked.key: the key is protected by a passphrase") ||
		!strings.Contains(err.Error(), "ssh-add locked.key") {
		t.Errorf("the agent does not have it: %v", err)
	}
	if err := keyring.Add(agent.AddedKey{PrivateKey: raw}); err != nil {
		t.Fatal(err)
	}
	if keys, err := prepare(); err != nil || len(keys) != 1 {
		t.Errorf("the agent has it: %v, %d keys", err, len(keys))
	}
}
