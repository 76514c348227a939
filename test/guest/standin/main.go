// Command standin is all that is not real on the guest of the end-to-end test,
// by the name under which it is called:
//
//	in the images of the release      the operators, as test/bootkube knows them; etcdctl, cat, pod
//	on the host, by the node image    kubelet, crio, crictl, oc
//	on the host, by the boot image    rpm, rpm-ostree, coreos-installer, and of ostree what Debian's lacks
//
// The kubelet sees the static pods come and go and plays them: etcd is a port,
// the API server an HTTPS server with the certificates of the host, a store of
// objects and a notion of who may ask. What the host does that no test allows,
// all of them complain about in a file that the test reads.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/okd-project/okd-install/test/bootkube"
)

const releaseImage = "release"

func main() {
	if image := os.Getenv("STANDIN_IMAGE"); image != "" {
		os.Exit(playImage(image))
	}
	program, args := filepath.Base(os.Args[0]), os.Args[1:]
	play, ok := map[string]func([]string) error{
		"kubelet": kubelet, "crio": crio, "crictl": crictl, "oc": oc, "ostree": ostree, "rpm": rpm, "rpm-ostree": rpmOSTree,
		"coreos-installer": coreosInstaller,
	}[program]
	if !ok {
		fmt.Fprintf(os.Stderr, "standin does not play %s\n", program)
		os.Exit(127)
	}
	if err := play(args); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", program, err)
		os.Exit(1)
	}
}

// playImage is what a container of the release does.
func playImage(image string) int {
	program, args := filepath.Base(os.Args[0]), os.Args[1:]
	switch {
	case program == "pod":
		return pause()
	case program == "cat":
		return cat(args)
	case program == "etcdctl":
		return etcdctl(args)
	case image == releaseImage && len(args) == 2 && args[0] == "image":
		return printImage(args[1])
	}
	if image == releaseImage {
		image = ""
	}
	table, err := os.ReadFile(filepath.Join(bootkube.FakesDir, bootkube.TableFile))
	if err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		return 126
	}
	operators, err := bootkube.Load(table)
	if err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		return 126
	}
	if image == "cluster-bootstrap" && len(args) > 0 && args[0] == "bootstrap-in-place" {
		// what the fakes check comes first; the config is then the one that a machine can boot with
		if code := bootkube.Play(image, args, controlPlane); code != 0 {
			return code
		}
		return translate(args[1:])
	}
	if operators.Entrypoint(image) == "" {
		args = os.Args // the program is named by who runs it
	}
	return bootkube.Play(image, args, controlPlane)
}

// pause holds the namespaces of a pod until it is told to end.
func pause() int {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
	return 0
}

func cat(names []string) int {
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, "cat:", err)
			return 1
		}
		fmt.Print(string(raw))
	}
	return 0
}

// printImage is the command of a release image that tells the pull spec of a
// component.
func printImage(tag string) int {
	var stream struct {
		Spec struct {
			Tags []struct {
				Name string
				From struct{ Name string }
			}
		}
	}
	raw, err := os.ReadFile("/release-manifests/image-references")
	if err == nil {
		err = json.Unmarshal(raw, &stream)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	for _, t := range stream.Spec.Tags {
		if t.Name == tag {
			fmt.Println(t.From.Name)
			return 0
		}
	}
	fmt.Fprintf(os.Stderr, "error: no image tag %q exists in the release image\n", tag)
	return 1
}

const etcdAddress = "127.0.0.1:2379"

// etcdctl asks the port that the kubelet opens for the static pod of etcd.
func etcdctl(args []string) int {
	health := false
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "--cacert", "--cert", "--key":
			if _, err := os.Stat(value); err != nil {
				bootkube.Complain("etcdctl", "%v", err)
				return 1
			}
		case "health":
			health = true
		}
	}
	if !health {
		bootkube.Complain("etcdctl", "the stand-in knows endpoint health only: %v", args)
		return 2
	}
	conn, err := net.DialTimeout("tcp", etcdAddress, time.Second)
	if err != nil {
		fmt.Fprintln(os.Stderr, "https://localhost:2379 is unhealthy: failed to commit proposal: context deadline exceeded")
		return 1
	}
	_ = conn.Close()
	fmt.Println("https://localhost:2379 is healthy: successfully committed proposal: took = 9.1ms")
	return 0
}

// ready tells systemd that a service of Type=notify is up.
func ready() error {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return nil
	}
	conn, err := net.Dial("unixgram", socket)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, err = conn.Write([]byte("READY=1"))
	return err
}
