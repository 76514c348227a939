package bootkube

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

// containerOptions are the options of podman run and create that the scripts may
// use; the value reports whether one takes an argument.
var containerOptions = map[string]bool{
	"--attach": true, "-a": true, "--authfile": true, "--detach": false, "-d": false, "--entrypoint": true, "--env": true, "-e": true,
	"--interactive": false, "-i": false, "--log-driver": true, "--mount": true, "--name": true, "--net": true, "--network": true,
	"--pid": true, "--privileged": false, "--pull": true, "--quiet": false, "-q": false, "--replace": false, "--rm": false,
	"--security-opt": true, "--tmpfs": true, "--user": true, "-u": true, "--volume": true, "-v": true, "--workdir": true, "-w": true,
}

// podmanOptions are the options of the other commands.
var podmanOptions = map[string]map[string]bool{
	"pull":            {"--quiet": false, "-q": false, "--authfile": true, "--policy": true, "--tls-verify": true},
	"inspect":         {"--format": true, "-f": true, "--type": true, "-t": true},
	"image inspect":   {"--format": true, "-f": true},
	"image exists":    {},
	"image mount":     {},
	"image umount":    {"--force": false, "-f": false},
	"image rm":        {"--force": false, "-f": false, "--ignore": false, "-i": false},
	"rmi":             {"--force": false, "-f": false, "--ignore": false, "-i": false},
	"rm":              {"--force": false, "-f": false, "--ignore": false, "-i": false, "--time": true, "-t": true, "--volumes": false, "-v": false},
	"kill":            {"--signal": true, "-s": true},
	"stop":            {"--ignore": false, "-i": false, "--time": true, "-t": true},
	"cp":              {"--overwrite": false},
	"ps":              {"--all": false, "-a": false, "--quiet": false, "-q": false, "--format": true, "--no-trunc": false, "--filter": true, "-f": true},
	"logs":            {},
	"container exist": {},
}

func podman(c *call) int {
	if len(c.args) == 0 {
		c.complain("podman without a command")
		return 125
	}
	switch c.args[0] {
	case "run":
		return c.runContainer(c.args[1:])
	case "create":
		k := c.parseContainer(c.args[1:])
		c.claimName(k)
		fmt.Println(id(k.name + k.image))
		return 0
	}
	command, rest := c.args[0], c.args[1:]
	if (command == "image" || command == "container") && len(rest) > 0 {
		command, rest = command+" "+rest[0], rest[1:]
	}
	command = strings.TrimSuffix(command, "s exists")
	known, ok := podmanOptions[command]
	if !ok {
		c.complain("the fake podman has no command %q", command)
		return 125
	}
	options, words := c.options(known, rest)
	switch command {
	case "pull":
		for _, image := range words {
			c.tagOf(image)
			c.pull(image)
			fmt.Println(id(image))
		}
	case "image exists":
		if !c.pulled(words[0]) {
			return 1
		}
	case "inspect", "image inspect":
		return c.inspect(words, first(options, "--format", "-f"))
	case "rm", "kill", "stop":
		return c.removeContainers(words, options)
	}
	return 0
}

func first(options map[string][]string, names ...string) string {
	for _, name := range names {
		if values := options[name]; len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// options parses options up to the first word that is none. A table says which
// there are and which take a value.
func (c *call) options(known map[string]bool, args []string) (options map[string][]string, words []string) {
	options = map[string][]string{}
	for len(args) > 0 {
		name, value, given := strings.Cut(args[0], "=")
		if args[0] == "--" {
			return options, args[1:]
		}
		if !strings.HasPrefix(name, "-") || name == "-" {
			return options, args
		}
		takes, ok := known[name]
		switch {
		case !ok:
			c.complain("podman %s: unknown option %s", c.args[0], name)
			panic(exit(125))
		case takes && !given:
			if len(args) < 2 {
				c.complain("podman %s: %s needs a value", c.args[0], name)
				panic(exit(125))
			}
			value, args = args[1], args[1:]
		}
		options[name] = append(options[name], value)
		args = args[1:]
	}
	return options, nil
}

func (c *call) parseContainer(args []string) *container {
	options, words := c.options(containerOptions, args)
	if len(words) == 0 {
		c.complain("podman %s: there is no image", c.args[0])
		panic(exit(125))
	}
	k := &container{image: words[0], args: words[1:], env: map[string]string{}, workdir: "/"}
	k.tag = c.tagOf(k.image)
	k.name = first(options, "--name")
	k.entrypoint = first(options, "--entrypoint")
	k.keep, k.replace = options["--rm"] == nil, options["--replace"] != nil
	if dir := first(options, "--workdir", "-w"); dir != "" {
		k.workdir = dir
	}
	for _, e := range slices.Concat(options["--env"], options["-e"]) {
		name, value, ok := strings.Cut(e, "=")
		if !ok {
			value = os.Getenv(name)
		}
		k.env[name] = value
	}
	for _, v := range slices.Concat(options["--volume"], options["-v"]) {
		k.mounts = append(k.mounts, c.volume(v))
	}
	for _, m := range options["--mount"] {
		k.mounts = append(k.mounts, c.mountOption(m))
	}
	return k
}

// volume reads SOURCE:TARGET[:OPTIONS].
func (c *call) volume(text string) mount {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || !path.IsAbs(parts[1]) {
		c.complain("podman: --volume %s is not SOURCE:TARGET", text)
		panic(exit(125))
	}
	m := mount{source: parts[0], target: path.Clean(parts[1])}
	for _, option := range parts[2:] {
		for _, word := range strings.Split(option, ",") {
			m.readOnly = m.readOnly || word == "ro"
			m.overlay = m.overlay || word == "O"
		}
	}
	return c.checkSource(m)
}

// mountOption reads type=bind,source=…,target=….
func (c *call) mountOption(text string) (m mount) {
	for _, field := range strings.Split(text, ",") {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "source", "src":
			m.source = value
		case "target", "dst", "destination":
			m.target = path.Clean(value)
		case "ro", "readonly":
			m.readOnly = true
		}
	}
	return c.checkSource(m)
}

func (c *call) checkSource(m mount) mount {
	if !filepath.IsAbs(m.source) {
		if !strings.HasPrefix(m.source, ".") {
			return m // a named volume
		}
		m.source, _ = filepath.Abs(m.source)
	}
	if _, err := os.Stat(m.source); err != nil {
		fmt.Fprintf(os.Stderr, "Error: statfs %s: no such file or directory\n", m.source)
		panic(exit(125))
	}
	return m
}

// claimName takes the name of a container. One that was killed with the host
// still has its name.
func (c *call) claimName(k *container) {
	if k.name == "" {
		return
	}
	if marked("container-"+k.name) && !k.replace {
		fmt.Fprintf(os.Stderr, "Error: creating container storage: the container name %q is already in use by %s. You have to remove that container to be able to reuse that name: that name is already in use, or use --replace to instruct Podman to do so.\n", k.name, id(k.name))
		panic(exit(125))
	}
	mark("container-" + k.name)
}

func (c *call) removeContainers(names []string, options map[string][]string) int {
	code := 0
	for _, name := range names {
		if marked("container-" + name) {
			_ = os.Remove(filepath.Join(fakesDir, "once-mark-container-"+name))
			continue
		}
		if options["--ignore"] == nil && options["-i"] == nil {
			fmt.Fprintf(os.Stderr, "Error: no container with ID or name %q found: no such container\n", name)
			code = 1
		}
	}
	return code
}

func (c *call) runContainer(args []string) int {
	k := c.parseContainer(args)
	c.pull(k.image)
	c.claimName(k)
	code := c.runImage(k)
	if !k.keep && k.name != "" {
		_ = os.Remove(filepath.Join(fakesDir, "once-mark-container-"+k.name))
	}
	return code
}

// runImage keeps an exit of the program inside, so that the container's name is
// free again.
func (c *call) runImage(k *container) (code int) {
	defer func() {
		if e := recover(); e != nil {
			code = int(e.(exit))
		}
	}()
	switch {
	case k.tag == releaseTag && k.entrypoint == "" && len(k.args) == 2 && k.args[0] == "image":
		if !slices.Contains(payload, k.args[1]) {
			fmt.Fprintf(os.Stderr, "error: couldn't identify image for tag %s\n", k.args[1])
			return 1
		}
		fmt.Println(c.component(k.args[1]))
		return 0
	case k.tag == releaseTag && path.Base(k.entrypoint) == "cat":
		return c.catRelease(k.args)
	case k.tag == "etcd" && path.Base(k.entrypoint) == "etcdctl":
		return etcdctl(c, k)
	case k.entrypoint != "":
		c.complain("the image %s has no fake for the entrypoint %s", k.tag, k.entrypoint)
		return 127
	}
	return runOperator(c, k)
}

// catRelease prints a file of the release image.
func (c *call) catRelease(names []string) int {
	if file, err := os.Readlink("/proc/self/fd/1"); err == nil {
		trace("make", file) // the script sends the output there
	}
	for _, name := range names {
		if name != "/release-manifests/image-references" {
			fmt.Fprintf(os.Stderr, "cat: %s: No such file or directory\n", name)
			return 1
		}
		images := map[string]string{}
		for _, tag := range payload {
			images[tag] = c.component(tag)
		}
		fmt.Print(string(ImageReferences(c.setup.Version, images)))
	}
	return 0
}

// tagOf tells which image of the release a pull spec is.
func (c *call) tagOf(image string) string {
	if image == c.setup.Release || image == c.setup.Digest {
		return releaseTag
	}
	for _, tag := range payload {
		if c.component(tag) == image {
			return tag
		}
	}
	c.complain("%q is not an image of this release", image)
	panic(exit(125))
}

func (c *call) pull(image string) {
	if image == c.setup.Digest {
		image = c.setup.Release
	}
	mark("image-" + id(image))
}

func (c *call) pulled(image string) bool {
	if image == c.setup.Digest {
		image = c.setup.Release
	}
	return marked("image-" + id(image))
}

// inspect prints an image as JSON, or through a Go template.
func (c *call) inspect(images []string, format string) int {
	if len(images) != 1 || !c.pulled(images[0]) {
		fmt.Fprintf(os.Stderr, "Error: %s: image not known\n", strings.Join(images, " "))
		return 125
	}
	digests := []string{images[0]}
	if c.tagOf(images[0]) == releaseTag {
		// an image for several architectures has two: the list's comes first
		repository, _, _ := strings.Cut(c.setup.Digest, "@")
		digests = []string{repository + "@sha256:" + id("list"), c.setup.Digest}
	}
	_, digest, _ := strings.Cut(digests[len(digests)-1], "@")
	image := map[string]any{
		"Id": id(images[0]), "Digest": digest, "RepoDigests": digests, "Architecture": "amd64", "Os": "linux",
		"Labels": map[string]string{"io.openshift.release": c.setup.Version},
	}
	if format == "" {
		raw, _ := json.Marshal([]any{image})
		fmt.Println(string(raw))
		return 0
	}
	t, err := template.New("").Funcs(template.FuncMap{
		"json": func(v any) string { raw, _ := json.Marshal(v); return string(raw) },
		"join": strings.Join,
	}).Parse(format)
	var out bytes.Buffer
	if err == nil {
		err = t.Execute(&out, image)
	}
	if err != nil {
		c.complain("podman inspect: %v", err)
		return 125
	}
	fmt.Println(out.String())
	return 0
}

// etcdctl answers for the member that the kubelet has started from its pod. It
// is not healthy at once.
func etcdctl(c *call, k *container) int {
	for _, arg := range k.args {
		name, value, _ := strings.Cut(arg, "=")
		if name != "--cacert" && name != "--cert" && name != "--key" {
			continue
		}
		if _, ok := k.host(value); !ok {
			fmt.Fprintf(os.Stderr, "Error: open %s: no such file or directory\n", value)
			return 1
		}
	}
	if !slices.Contains(k.args, "health") {
		c.complain("the fake etcdctl knows endpoint health only")
		return 2
	}
	if _, err := os.Stat("/etc/kubernetes/manifests/etcd-member-pod.yaml"); err != nil || once("etcd") {
		fmt.Fprintln(os.Stderr, "https://localhost:2379 is unhealthy: failed to commit proposal: context deadline exceeded")
		return 1
	}
	fmt.Println("https://localhost:2379 is healthy: successfully committed proposal: took = 9.1ms")
	return 0
}
