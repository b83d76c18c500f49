package admit

import "tidemark/connector/internal/kafka"

// Record is what a transaction writes.
type Record = kafka.Record

// What is more than max_in_flight, or than has come through (bound), goes in several transactions
// (rule 8), for a transaction has to end before its timeout: all but the last one leave the cursor
// where it was. A worker that dies between two of them reads the page once more, and the window
// knows what the topic has of it (P2, P3).

// Fitting is how many of the first records hold no more than limit bytes, one at the least,
// and how many bytes they hold.
func Fitting(records []Record, limit int64) (n int, size int64) {
	for i := range records {
		more := int64(len(records[i].Key) + len(records[i].Value))
		if size+more > limit && i > 0 {
			return i, size
		}
		size += more
	}
	return len(records), size
}
