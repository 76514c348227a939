//go:build csrsigner

// Command csrsigner is the part of kube-controller-manager that signs the
// certificates of kubelets: the controllers of Kubernetes themselves, with the flags
// of kube-controller-manager, and nothing else of it. The whole of it takes minutes
// more to build, and none of the rest is needed.
//
// It has a build tag of its own, so that what looks at all packages of this module, as
// linters do, need not compile half of Kubernetes once more.
package main

import (
	"context"
	"flag"
	"log"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kubernetes/pkg/controller/certificates/signer"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig to log in with")
	master := flag.String("master", "", "address of the API instead of the kubeconfig's")
	cert := flag.String("cluster-signing-cert-file", "", "certificate of the authority")
	key := flag.String("cluster-signing-key-file", "", "its key")
	life := flag.Duration("cluster-signing-duration", 720*time.Hour, "how long certificates are good for")
	flag.Parse()
	if err := run(context.Background(), *master, *kubeconfig, *cert, *key, *life); err != nil {
		log.Fatal(err)
	}
}

// run signs what is approved until the context ends.
func run(ctx context.Context, master, kubeconfig, cert, key string, life time.Duration) error {
	config, err := clientcmd.BuildConfigFromFlags(master, kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	requests := factory.Certificates().V1().CertificateSigningRequests()
	clients, err := signer.NewKubeletClientCSRSigningController(ctx, client, requests, cert, key, life)
	if err != nil {
		return err
	}
	servers, err := signer.NewKubeletServingCSRSigningController(ctx, client, requests, cert, key, life)
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	go clients.Run(ctx, 5)
	servers.Run(ctx, 5)
	return nil
}
