{{- define "kikipounamu.labels" -}}
app.kubernetes.io/name: kikipounamu
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Labels that select pods: (list ROOT COMPONENT). */}}
{{- define "kikipounamu.selector" -}}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Name of an image: (list ROOT IMAGE). */}}
{{- define "kikipounamu.image" -}}
{{- $root := index . 0 -}}
{{- with $root.Values.image.registry }}{{ . }}/{{ end }}{{ index . 1 }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}
{{- end }}

{{/* The settings of a pool of workers: (list ROOT NAME), as YAML. */}}
{{- define "kikipounamu.pool" -}}
{{- $root := index . 0 -}}
{{- mustMergeOverwrite (deepCopy $root.Values.workerDefaults) (index $root.Values.workers (index . 1) | default dict) | toYaml }}
{{- end }}

{{/*
The backlog in seconds of audio that counts for a pool: (list ROOT MODELS). The one place where it is written; the
number of workers is this, divided by the pool's backlogSecondsPerWorker and rounded up. Each gateway tells what is in
the whole broker, hence max, and what it holds itself until a key has its turn, hence sum.
*/}}
{{- define "kikipounamu.backlog" -}}
{{- $root := index . 0 -}}
{{- $labels := dict "namespace" $root.Release.Namespace "service" (printf "%s-gateway" $root.Release.Name) -}}
{{- $labels = merge (deepCopy $root.Values.autoscaling.prometheus.labels) $labels -}}
{{- $chosen := list -}}
{{- range $name, $value := $labels }}{{ $chosen = append $chosen (printf "%s=%q" $name $value) }}{{ end -}}
{{- $chosen = append $chosen (printf "class=~%q" $root.Values.autoscaling.classes) -}}
{{- $chosen = append $chosen (printf "model=~%q" (index . 1)) -}}
{{- $which := printf "{%s}" (join "," $chosen) -}}
sum(max by (class, model) (kikipounamu_backlog_audio_seconds{{ $which }})) + sum(kikipounamu_held_audio_seconds{{ $which }})
{{- end }}

{{- define "kikipounamu.keySecret" -}}
{{ .Values.key.existingSecret | default (printf "%s-key" .Release.Name) }}
{{- end }}

{{/* Environment by which gateways and workers find the broker. */}}
{{- define "kikipounamu.brokerEnv" -}}
{{- if .Values.redis.enabled -}}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.redis.existingSecret | default (printf "%s-redis" .Release.Name) }}
      key: {{ .Values.redis.secretKey }}
- name: KIKIPOUNAMU_REDIS
  value: redis://default:$(REDIS_PASSWORD)@{{ .Release.Name }}-redis:6379
{{- else -}}
- name: KIKIPOUNAMU_REDIS
  valueFrom:
    secretKeyRef:
      name: {{ .Values.broker.existingSecret | default (printf "%s-broker" .Release.Name) }}
      key: {{ .Values.broker.secretKey }}
{{- end }}
{{- end }}

{{/* What a pod of ours may do: (list USER). */}}
{{- define "kikipounamu.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ index . 0 }}
runAsGroup: {{ index . 0 }}
fsGroup: {{ index . 0 }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "kikipounamu.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "kikipounamu.check" -}}
{{- if not (or .Values.redis.enabled .Values.broker.url .Values.broker.existingSecret) -}}
{{- fail "name a broker: broker.url, broker.existingSecret, or redis.enabled" -}}
{{- end -}}
{{- if and .Values.redis.enabled (or .Values.broker.url .Values.broker.existingSecret) -}}
{{- fail "name one broker: redis.enabled, or broker.url or broker.existingSecret" -}}
{{- end -}}
{{- if and .Values.redis.enabled (not (or .Values.redis.password .Values.redis.existingSecret)) -}}
{{- fail "give the Redis a password: redis.password or redis.existingSecret" -}}
{{- end -}}
{{- if not .Values.gateway.trustedProxies -}}
{{- fail "name in gateway.trustedProxies who may speak to the gateways without TLS" -}}
{{- end -}}
{{- if not (or .Values.key.value .Values.key.existingSecret) -}}
{{- fail "give the owner's key: key.value or key.existingSecret" -}}
{{- end -}}
{{- end }}

{{- define "kikipounamu.toDns" -}}
- to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end }}
{{- define "kikipounamu.toBroker" -}}
{{- if .Values.redis.enabled -}}
- to:
    - podSelector:
        matchLabels: {{- include "kikipounamu.selector" (list . "redis") | nindent 10 }}
  ports:
    - {protocol: TCP, port: 6379}
{{- else -}}
- ports:
    {{- range .Values.networkPolicy.broker.ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .Values.networkPolicy.broker.to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
