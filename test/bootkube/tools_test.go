package bootkube

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// silent is a program that succeeds and says nothing.
func silent(*call) int { return 0 }

// sleep does not: what is waited for here is there or never comes.
func sleep(c *call) int {
	if count("sleep") > 400 {
		c.complain("the scripts wait for something that does not come")
		return 1
	}
	return 0
}

// cp copies like the real one, unless it is to fail: then it leaves half of a
// file behind.
func cp(c *call) int {
	words := slices.DeleteFunc(slices.Clone(c.args), func(w string) bool { return strings.HasPrefix(w, "-") })
	if len(words) != 2 {
		c.complain("the fake cp copies one thing")
		return 1
	}
	from, to := words[0], words[1]
	trace("read", from)
	trace("make", strings.TrimSuffix(to, ".taking"))
	if c.fault == nil {
		return c.real()
	}
	if info, err := os.Stat(from); err == nil && info.IsDir() {
		entries, _ := os.ReadDir(from)
		i := slices.IndexFunc(entries, func(e os.DirEntry) bool { return e.Type().IsRegular() })
		if i < 0 {
			c.complain("the fake cp finds no file in %s", from)
			return 1
		}
		from, to = filepath.Join(from, entries[i].Name()), filepath.Join(to, entries[i].Name())
	}
	raw, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, raw[:len(raw)/2], 0o600)
	}
	if err != nil {
		c.complain("%v", err)
	}
	return 1
}

// real becomes the real program.
func (c *call) real() int {
	err := syscall.Exec(filepath.Join(fakesDir, "real-"+c.name), append([]string{c.name}, c.args...), os.Environ())
	c.complain("%v", err)
	return 1
}

// jq is the real one but for the two programs by which records are written. They
// are most of the calls, and compiling its own library takes jq 1.6 longer than
// all the rest of a stage.
func jq(c *call) int {
	if len(c.args) == 3 && c.args[0] == "--compact-output" && c.args[1] == "arrays" {
		raw, err := os.ReadFile(c.args[2])
		var list []any
		if err != nil || json.Unmarshal(raw, &list) != nil {
			return c.real()
		}
		fmt.Print(string(raw))
		return 0
	}
	named := object{}
	args := c.args
	for len(args) > 3 && args[0] == "--arg" {
		if args[2] != "" {
			named[args[1]] = args[2]
		}
		args = args[3:]
	}
	if len(args) != 1 || args[0] != `. + [$ARGS.named | with_entries(select(.value != ""))]` {
		return c.real()
	}
	var list []any
	if err := json.NewDecoder(os.Stdin).Decode(&list); err != nil {
		fmt.Fprintln(os.Stderr, "parse error:", err)
		return 2
	}
	raw, _ := json.Marshal(append(list, named))
	fmt.Println(string(raw))
	return 0
}

func journalctl(*call) int {
	fmt.Println("the last line of the journal")
	return 0
}

func systemctl(c *call) int {
	if len(c.args) > 0 && c.args[0] == "is-active" {
		return 3
	}
	return 0
}

// dig plays dig and getent: the names of the API, unless the test breaks them.
func dig(c *call) int {
	if c.setup.BrokenAPI {
		if c.name == "dig" {
			return 0 // no answer is not an error
		}
		return 2
	}
	fmt.Println("192.0.2.10")
	return 0
}

// curl answers for the API of the cluster.
func curl(c *call) int {
	url := c.args[len(c.args)-1]
	if strings.HasPrefix(url, "http://localhost:22624/") {
		return c.machineConfigServer(url)
	}
	if c.setup.BrokenAPI {
		fmt.Fprintf(os.Stderr, "curl: (6) Could not resolve host: %s\n", url)
		fmt.Print("000")
		return 6
	}
	if !marked("api") {
		fmt.Print("000")
		return 7
	}
	want := "/readyz"
	if !c.atLeast("4.17") {
		want = "/version"
	}
	if !strings.HasSuffix(url, ":6443"+want) {
		c.complain("nobody answers at %s", url)
	}
	fmt.Print("200")
	return 0
}

// machineConfigServer answers for the one of this host, which serves the config
// of the only node.
func (c *call) machineConfigServer(url string) int {
	output := slices.Index(c.args, "--output")
	switch {
	case !marked("api") || once("machine-config"):
		fmt.Fprintln(os.Stderr, "curl: (7) Failed to connect to localhost port 22624")
		return 7
	case !strings.HasSuffix(url, "/config/master") || !slices.Contains(c.args, "Accept: application/vnd.coreos.ignition+json;version=3.2.0"):
		c.complain("the machine config server answers in an old spec, or not at all")
		return 22
	case output < 0:
		c.complain("the config of the node is not kept")
		return 1
	}
	name := c.args[output+1]
	config := `{"ignition":{"version":"3.2.0"}}`
	if c.fault != nil && c.fault.Middle {
		config = config[:12]
	}
	if err := os.WriteFile(name, []byte(config), 0o600); err != nil {
		c.complain("%v", err)
	}
	return 0
}

// crictl knows the containers of the static pods, of which none is etcd.
func crictl(*call) int { return 0 }

func touch(name string) error { return os.WriteFile(name, nil, 0o600) }

func removeFile(name string) error { return os.Remove(name) }
