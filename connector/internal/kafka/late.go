package kafka

import "fmt"

// tooLate is the error of a transaction that was not through within its timeout: because the
// broker was away, or because so much does not come through in that time.
func (s *Sink) tooLate(records []Record, err error) error {
	size := 0
	for i := range records {
		size += len(records[i].Key) + len(records[i].Value)
	}
	return fmt.Errorf("%w (%d records of %d bytes were not through within kafka.transaction_timeout, %s; "+
		"where the way to the broker is slow, a smaller kafka.max_in_flight or a longer kafka.transaction_timeout spares the tries)",
		err, len(records), size, s.o.TxnTimeout)
}
