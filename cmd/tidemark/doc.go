// Command tidemark reads paged REST APIs into Kafka, exactly once and in order.
//
// One file holds one command; each is a thin layer of flags over package connector.
// main.go alone ends the process and knows what exit code an error's class has.
package main
