-- One row for each content (SHA-256) that was read.
SELECT
  sha256, path, line.kind AS kind, bytes, time, machine,
  line.machine.product AS product, line.machine.servicePack AS service_pack,
  line.machine.architecture AS architecture, line.machine.version AS version, line.machine.language AS language,
  line.bugcheck.code AS bugcheck_code, line.bugcheck.name AS bugcheck_name,
  line.bugcheck.parameters AS bugcheck_parameters,
  line.signature.id AS signature_id, line.signature.text AS signature_text, line.signature.rules AS signature_rules,
  transform(coalesce(line.problems, array()), p -> coalesce(p.text, p.what)) AS problems,
  transform(coalesce(line.missing, array()), m -> m.what) AS missing,
  coalesce(cardinality(line.updates), 0) AS updates_listed,
  day
FROM fresh
