// Package graph makes values from values: a node is a name, its arguments and a
// function, and Get makes what it needs, each node once and as many together as
// there are processors. It knows no word of what is made with it.
//
// Nodes are made by Value, Source, From1 to From8 and Collect; a node is there
// before it can be an argument, so that there are no circles. The value of one
// with Keep is remembered between runs, and made again when its arguments have
// other values; Editable lets files of the user stand in for those that a node
// would make. All of that is in graph.go.
//
// Dot, SVG, Mermaid and JSON write a graph down, Nodes and WhatFrom tell what is
// made from what. None of them makes anything. Where the boxes of a picture stand
// is worked out in package layout.
package graph
