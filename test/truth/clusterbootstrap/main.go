// Command cluster-bootstrap takes the place of OpenShift's own, which the module proxy does
// not have. What creates the manifests is the same code as there: package create of
// OpenShift's library-go, with its order, its retries and its messages. Around it stands, in
// our own words, what bootkube.sh needs of the program:
//
//   - tls/ and the loopback kubeconfig are copied to where the static pods mount them, and the
//     static pods to where the kubelet looks; one that is there already is an error
//   - the manifests are created while it waits for the required pods, and until all are there
//   - the events bootstrap-success and bootstrap-finished are sent, and the secrets and the pods
//     that were copied are taken away
//
// It does not wait for the control plane of the cluster to run on two nodes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/openshift/library-go/pkg/assets/create"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	kubernetesDir = "/etc/kubernetes"
	secrets       = kubernetesDir + "/bootstrap-secrets"
	// podsTimeout is how long the pods of the cluster may take.
	podsTimeout = 20 * time.Minute
)

// options are the flags of the original that bootkube.sh or a test gives.
type options struct {
	assets, pods string
	required     []string
	timeout      time.Duration
}

func main() {
	if len(os.Args) < 2 || os.Args[1] != "start" {
		fail(fmt.Errorf("unknown command %q for \"cluster-bootstrap\"", strings.Join(os.Args[1:], " ")))
	}
	var o options
	var required string
	flags := flag.NewFlagSet("start", flag.ContinueOnError)
	flags.StringVar(&o.assets, "asset-dir", "", "folder with the assets of the cluster")
	flags.StringVar(&o.pods, "pod-manifest-path", kubernetesDir+"/manifests", "folder that the kubelet takes static pods from")
	flags.StringVar(&required, "required-pods", "", "pods of the cluster to wait for, as namespace/prefix, separated by commas")
	flags.DurationVar(&o.timeout, "assets-create-timeout", time.Hour, "how long the manifests may take")
	early := flags.Bool("tear-down-early", true, "end the control plane before all manifests are created")
	if err := flags.Parse(os.Args[2:]); err != nil {
		os.Exit(1)
	}
	if required != "" {
		o.required = strings.Split(required, ",")
	}
	switch {
	case o.assets == "":
		fail(errors.New("missing required flag: --asset-dir"))
	case *early:
		fail(errors.New("--tear-down-early is not played here: bootkube.sh gives false"))
	}
	if err := start(o); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "Error: %v\n", err)
	os.Exit(1)
}

func start(o options) (err error) {
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(o.assets, "auth", "kubeconfig-loopback"))
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	var copied []string
	defer func() {
		for _, name := range append(copied, secrets) {
			err = errors.Join(err, os.RemoveAll(name))
		}
	}()
	if copied, err = copyControlPlane(o); err != nil {
		return err
	}
	fmt.Println("Starting temporary bootstrap control plane...")
	if err := whileCreating(o, config, podsTimeout, func(ctx context.Context) error {
		return waitForPods(ctx, client, o.required)
	}); err != nil {
		return err
	}
	fmt.Println("Sending bootstrap-success event.")
	if err := send(client, "bootstrap-success"); err != nil {
		return err
	}
	fmt.Println("Waiting for remaining assets to be created.")
	if err := createAll(o, config); err != nil {
		return err
	}
	fmt.Println("Sending bootstrap-finished event.")
	return send(client, "bootstrap-finished")
}

// copyControlPlane puts secrets and static pods in place, and returns the files of the pods.
func copyControlPlane(o options) (pods []string, err error) {
	if err := os.RemoveAll(secrets); err != nil {
		return nil, err
	}
	if err := os.CopyFS(secrets, os.DirFS(filepath.Join(o.assets, "tls"))); err != nil {
		return nil, err
	}
	if err := filepath.WalkDir(secrets, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return errors.Join(err, os.Chmod(name, 0o700))
		}
		return os.Chmod(name, 0o600)
	}); err != nil {
		return nil, err
	}
	kubeconfig, err := os.ReadFile(filepath.Join(o.assets, "auth", "kubeconfig-loopback"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(secrets, "kubeconfig"), kubeconfig, 0o600); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(o.assets, "bootstrap-manifests"))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(o.assets, "bootstrap-manifests", e.Name()))
		if err != nil {
			return pods, err
		}
		name := filepath.Join(o.pods, e.Name())
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return pods, err
		}
		pods = append(pods, name)
		if _, err := file.Write(raw); err != nil {
			return pods, errors.Join(err, file.Close())
		}
		if err := file.Close(); err != nil {
			return pods, err
		}
	}
	return pods, nil
}

// whileCreating has the manifests created in the background until wait returns.
func whileCreating(o options, config *rest.Config, patience time.Duration, wait func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := ensure(ctx, o, config); err != nil && ctx.Err() == nil {
			fmt.Printf("the manifests were not created: %v\n", err)
			cancel()
		}
	}()
	err := wait(ctx)
	cancel()
	<-done
	return err
}

// createAll creates what is left.
func createAll(o options, config *rest.Config) error {
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	if err := ensure(ctx, o, config); ctx.Err() != nil {
		return errors.New("timed out creating manifests")
	} else if err != nil {
		fmt.Printf("the manifests were not created: %v\n", err)
	}
	return nil
}

func ensure(ctx context.Context, o options, config *rest.Config) error {
	return create.EnsureManifestsCreated(ctx, filepath.Join(o.assets, "manifests"), config,
		create.CreateOptions{Verbose: true, StdErr: os.Stderr})
}

// waitForPods waits until a pod of each required prefix is ready.
func waitForPods(ctx context.Context, client kubernetes.Interface, required []string) error {
	for _, pod := range required {
		namespace, prefix, ok := strings.Cut(pod, "/")
		if !ok {
			return fmt.Errorf("%q is not namespace/prefix", pod)
		}
		for !isReady(ctx, client, namespace, prefix) {
			select {
			case <-ctx.Done():
				return fmt.Errorf("the pod %s is not ready: %w", pod, ctx.Err())
			case <-time.After(time.Second):
			}
		}
		fmt.Printf("the pod %s is ready\n", pod)
	}
	return nil
}

func isReady(ctx context.Context, client kubernetes.Interface, namespace, prefix string) bool {
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return false
	}
	for _, pod := range pods.Items {
		if !strings.HasPrefix(pod.Name, prefix) {
			continue
		}
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
				return true
			}
		}
	}
	return false
}

// send tells the installer how far the host has come.
func send(client kubernetes.Interface, name string) error {
	now := metav1.Now()
	_, err := client.CoreV1().Events(metav1.NamespaceSystem).Create(context.Background(), &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceSystem},
		InvolvedObject: corev1.ObjectReference{Namespace: metav1.NamespaceSystem},
		Message:        "the control plane of the cluster runs", Count: 1, FirstTimestamp: now, LastTimestamp: now,
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
