package perpetua;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.cloudevents.CloudEvent;
import io.cloudevents.kafka.CloudEventDeserializer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Prints the events of a Perpetua, a line of JSON each.
 *
 * <pre>mvn -q -f examples/consumer-java compile exec:java -Dexec.args="ARGUMENTS"</pre>
 *
 * <p>Arguments: [--bootstrap HOST:PORT] [--topic TOPIC ...] [--until-end] [--schemas FOLDER]
 *
 * <p>One topic is read as it is. Several come in the order of the store, partition by partition:
 * each event names the position before its own, on whatever topic that is. So all topics are read,
 * and those not asked for are not printed. Times are RFC 3339, to the microsecond.
 */
public final class Consumer {
    /** Seconds of silence after which an event that others wait for is missing. */
    private static final int PATIENCE = 10;

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private final Schemas schemas;
    private final Set<String> asked;
    /** Partition to the position of its last event. */
    private final Map<Integer, Long> last = new HashMap<>();
    /** Partition to its events that wait for another, by the position of that one. */
    private final Map<Integer, Map<Long, CloudEvent>> waiting = new HashMap<>();

    private Consumer(Schemas schemas, Set<String> asked) {
        this.schemas = schemas;
        this.asked = asked.isEmpty() ? schemas.topics() : asked;
    }

    public static void main(String[] args) throws Exception {
        String bootstrap = "localhost:9092";
        Path folder = Path.of(System.getProperty("schemas", "schemas/avro"));
        var asked = new HashSet<String>();
        boolean untilEnd = false;
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--bootstrap" -> bootstrap = args[++i];
                case "--schemas" -> folder = Path.of(args[++i]);
                case "--until-end" -> untilEnd = true;
                case "--topic" -> {
                    while (i + 1 < args.length && !args[i + 1].startsWith("--")) {
                        asked.add(args[++i]);
                    }
                }
                default -> throw new IllegalArgumentException(args[i]);
            }
        }
        Map<String, Object> settings =
                Map.of(
                        "bootstrap.servers", bootstrap,
                        "isolation.level", "read_committed", // the default returns all
                        "enable.auto.commit", "false",
                        "allow.auto.create.topics", "false");
        try (var consumer =
                new KafkaConsumer<>(
                        settings, new StringDeserializer(), new CloudEventDeserializer())) {
            new Consumer(new Schemas(folder), asked).read(consumer, untilEnd);
        }
    }

    private void read(KafkaConsumer<String, CloudEvent> consumer, boolean untilEnd)
            throws Exception {
        List<TopicPartition> every = new ArrayList<>();
        var there = consumer.listTopics();
        for (String topic : asked.size() == 1 ? asked : schemas.topics()) {
            if (!there.containsKey(topic) || !schemas.topics().contains(topic)) {
                throw new IllegalArgumentException("no topic of events here: " + topic);
            }
            for (var each : there.get(topic)) {
                every.add(new TopicPartition(topic, each.partition()));
            }
        }
        consumer.assign(every);
        consumer.seekToBeginning(every);
        Map<TopicPartition, Long> unread = new HashMap<>(consumer.endOffsets(every));
        for (int quiet = 0; !untilEnd || !unread.isEmpty() || isShort(); ) {
            if (quiet >= PATIENCE && (untilEnd || isShort())) {
                break;
            }
            var records = consumer.poll(Duration.ofSeconds(1));
            quiet = records.isEmpty() ? quiet + 1 : 0;
            for (var record : records) {
                follow(record);
            }
            unread.entrySet().removeIf(each -> consumer.position(each.getKey()) >= each.getValue());
        }
        for (var each : waiting.entrySet()) {
            if (!each.getValue().isEmpty()) {
                int partition = each.getKey();
                throw new IllegalStateException(
                        "partition %d lacks the event after position %d"
                                .formatted(partition, last.getOrDefault(partition, 0L)));
            }
        }
        if (untilEnd && !unread.isEmpty()) {
            throw new IllegalStateException(
                    "%s: an end does not come, try again".formatted(unread.keySet()));
        }
    }

    /** Tells whether an event waits for one before it. */
    private boolean isShort() {
        return waiting.values().stream().anyMatch(each -> !each.isEmpty());
    }

    /** Takes in a record, and prints all that now follow on. */
    private void follow(ConsumerRecord<String, CloudEvent> record) throws Exception {
        int partition = record.partition();
        long previous = number(record.value(), "previous");
        if (asked.size() == 1) {
            last.put(partition, previous);
        }
        var others = waiting.computeIfAbsent(partition, each -> new HashMap<>());
        others.put(previous, record.value());
        CloudEvent event;
        while ((event = others.remove(last.getOrDefault(partition, 0L))) != null) {
            last.put(partition, number(event, "position"));
            if (asked.contains(event.getType())) {
                print(event, partition);
            }
        }
    }

    private void print(CloudEvent event, int partition) throws Exception {
        var line = new LinkedHashMap<String, Object>();
        line.put("position", number(event, "position"));
        line.put("topic", event.getType());
        line.put("partition", partition);
        line.put("stream", event.getSubject());
        line.put("version", number(event, "streamversion"));
        line.put("event", schemas.decode(event.getType(), event.getData().toBytes()));
        System.out.println(JSON.writeValueAsString(line));
    }

    private static long number(CloudEvent event, String extension) {
        return Long.parseLong(event.getExtension(extension).toString());
    }
}
