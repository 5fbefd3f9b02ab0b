package perpetua;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions.TimestampMicrosConversion;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.SchemaStore;

/** Decodes events: each begins with the fingerprint of the schema that wrote it. */
final class Schemas {
    private static final DateTimeFormatter RFC_3339 =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    /** One decoder a topic: it reads with the current schema what any released one wrote. */
    private final Map<String, BinaryMessageDecoder<GenericRecord>> decoders = new TreeMap<>();

    /** Takes the current schemas from a folder, and the released ones from those below it. */
    Schemas(Path folder) throws IOException {
        var model = new GenericData();
        model.addLogicalTypeConversion(new TimestampMicrosConversion());
        var store = new SchemaStore.Cache();
        try (var files = Files.walk(folder)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".avsc")).toList()) {
                Schema schema = new Schema.Parser().parse(file.toFile());
                store.addSchema(schema);
                if (file.getParent().equals(folder)) {
                    String topic = file.getFileName().toString().replaceFirst("\\.avsc$", "");
                    decoders.put(topic, new BinaryMessageDecoder<>(model, schema, store));
                }
            }
        }
    }

    Set<String> topics() {
        return decoders.keySet();
    }

    /** Reads an event into what becomes JSON: maps, lists, text, numbers, truth values, nulls. */
    Object decode(String topic, byte[] value) {
        try {
            return plain(decoders.get(topic).decode(value));
        } catch (IOException wrong) {
            throw new UncheckedIOException(wrong);
        }
    }

    private static Object plain(Object value) {
        if (value instanceof GenericRecord record) {
            var fields = new LinkedHashMap<String, Object>();
            for (Schema.Field field : record.getSchema().getFields()) {
                fields.put(field.name(), plain(record.get(field.pos())));
            }
            return fields;
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Schemas::plain).toList();
        }
        if (value instanceof Instant time) {
            return RFC_3339.format(time);
        }
        return value instanceof CharSequence text ? text.toString() : value;
    }
}
