package platform

// None is platform none: machines that the user prepares. It has no settings.
type None struct{}

var _ = offer(Spec{
	Place: 1,
	Name:  "none",
	Type:  "None",
	Title: "my own machines",
	Text: "Machines that you prepare yourself: of metal, virtual, or rented. The cluster does " +
		"not know what they are, so that DNS names, load balancers and the machines are yours to provide.",
	New:        func() any { return &None{} },
	NewPool:    func() any { return &struct{}{} },
	DualStack:  EitherFirst,
	IPv6Only:   true,
	SingleNode: true,
})
